import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CocoDataset } from '../../../datasets/coco/annotations';
import type { BrokenPicture } from '../../../datasets/loader/broken-pictures';
import { problemKinds } from '../check-pictures';
import { writeWholeFile } from '../../../detection/files/whole-file';

const brokenPicture = z.object({ kind: z.string(), imageId: z.number(), reason: z.string() });
const earlierRecord = z.array(z.object({ brokenDuringRun: z.array(brokenPicture) }));

/**
 * What a run does without, in its folder's `left-out.json`: of each set its file; how many images and annotations were
 * left out before the run, and why, one by one; and the pictures that broke while it ran. A run that goes on adds to what
 * is there of the latter.
 */
export class LeftOutRecord {
  private readonly broken: z.output<typeof brokenPicture>[][];

  constructor(
    private readonly file: string,
    private readonly sets: readonly CocoDataset[],
  ) {
    const earlier = readEarlier(file);
    this.broken = sets.map((_, k) => [...(earlier[k]?.brokenDuringRun ?? [])]);
  }

  write(): void {
    const content = this.sets.map(({ file, leftOut: { images, annotations, problems } }, k) => ({
      file,
      images,
      annotations,
      leftOut: problems.map(({ kind, imageId, annotationId, place, reason }) => ({
        kind,
        imageId,
        annotationId,
        place,
        reason,
      })),
      brokenDuringRun: this.broken[k],
    }));
    writeWholeFile(this.file, `${JSON.stringify(content, null, 2)}\n`);
  }

  /** Writes down that a picture of one of the sets has broken, unless it is there. */
  addBroken(set: CocoDataset, { imageId, error }: BrokenPicture): void {
    const broken = this.broken[this.sets.indexOf(set)];
    if (broken.some((known) => known.imageId === imageId)) return;
    broken.push({ kind: problemKinds[error.fault], imageId, reason: error.message });
    this.write();
  }
}

/** How many pictures of each set broke while a run did its steps; empty where nothing is recorded. */
export function readBrokenPictures(file: string): number[] {
  return readEarlier(file).map(({ brokenDuringRun }) => brokenDuringRun.length);
}

/** Nothing where there is no record yet, or what is there is none. */
function readEarlier(file: string): z.output<typeof earlierRecord> {
  try {
    return earlierRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}
