import type { CocoDataset } from '../datasets/coco/annotations';
import { writeAtomically } from './output-files';

/** Writes what a run does without: of each set its file, how many images and annotations, and why, one by one. */
export function writeLeftOut(file: string, sets: readonly CocoDataset[]): void {
  const content = sets.map(({ file: set, leftOut: { images, annotations, problems } }) => ({
    file: set,
    images,
    annotations,
    leftOut: problems.map(({ kind, imageId, annotationId, place, reason }) => ({
      kind,
      imageId,
      annotationId,
      place,
      reason,
    })),
  }));
  writeAtomically(file, `${JSON.stringify(content, null, 2)}\n`);
}
