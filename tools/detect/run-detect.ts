import { StagedFiles } from '../../detection/files/staged-files';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { detectPictures } from './detect-pictures';
import { Drawings } from './drawings';
import { findPictures } from './find-pictures';
import type { DetectionOutput } from './found-picture';
import { foundText } from './found-text';
import { JsonFile } from './json-file';

/** What `rcnn detect` is to do. */
export interface DetectJob {
  /** Pictures, and folders of pictures. */
  readonly paths: readonly string[];
  readonly scoreThreshold: number;
  /** File to write the detections to. */
  readonly json?: string;
  /** Folder to write drawings to. */
  readonly output?: string;
}

/**
 * Finds objects in pictures. Files get their names when all pictures are done: Ctrl-C or a full disk leaves nothing half-written.
 *
 * @param open opens the detector, after it has been made sure that everything else is as it should be. It is disposed of here.
 * @returns what is to be printed
 * @throws InputError where something is not; Interrupted where the user stops it.
 */
export async function runDetect(job: DetectJob, open: () => Promise<LoadedDetector>): Promise<string> {
  const inputs = job.paths.flatMap(findPictures);
  const staged = new StagedFiles();
  const outputs: DetectionOutput[] = [];
  if (job.json !== undefined) outputs.push(new JsonFile(job.json, inputs));
  if (job.output !== undefined) outputs.push(new Drawings(job.output, inputs, staged));
  const detector = await open();
  const text: string[] = [];
  try {
    await detectPictures(detector, inputs, {
      scoreThreshold: job.scoreThreshold,
      onFound: async (found) => {
        for (const output of outputs) await output.add(found);
        text.push(foundText(found));
      },
    });
    for (const output of outputs) output.finish();
    staged.publish();
    return text.join('');
  } finally {
    staged.discard();
    detector.model.dispose();
  }
}
