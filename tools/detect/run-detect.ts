import { CategoryMap } from '../../datasets/coco/category-map';
import { unusedRangeNote } from '../../datasets/images/unused-range';
import { InputError } from '../../detection/errors';
import { StagedFiles } from '../../detection/files/staged-files';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import { detectPictures } from './detect-pictures';
import { findPictures } from './find-pictures';
import { createOutputs, type WantedOutputs } from './outputs/create-outputs';
import { thresholdsByLabel, type GivenThresholds } from './score-thresholds';

/** What `rcnn detect` is to do. */
export interface DetectJob extends WantedOutputs {
  /** Pictures, folders of pictures, and patterns of their names. */
  readonly paths: readonly string[];
  /** Whether folders in folders are searched, too. */
  readonly recursive?: boolean;
  readonly scoreThreshold?: GivenThresholds;
}

/** What `rcnn detect` has to say. */
export interface DetectResult {
  /** For the standard output. */
  readonly text: string;
  /** Why it is not all that was asked for. */
  readonly fault?: InputError;
}

/**
 * Finds objects in pictures. Files get their names when all pictures are done: Ctrl-C or a full disk leaves nothing half-written.
 *
 * @param open opens the detector, after it has been made sure that everything else is as it should be. It is disposed of here.
 * @throws InputError where something is not; Interrupted where the user stops it.
 */
export async function runDetect(job: DetectJob, open: () => Promise<LoadedDetector>): Promise<DetectResult> {
  const inputs = job.paths.flatMap((given) => findPictures(given, { recursive: job.recursive === true }));
  const staged = new StagedFiles();
  const outputs = await createOutputs(job, inputs, staged);
  const detector = await open();
  try {
    const note = await unusedRangeNote(inputs.map(({ file }) => file));
    if (note !== undefined) logLine(note);
    const categories = new CategoryMap(detector.categories, 'the detector');
    const numBroken = await detectPictures(detector.model, inputs, {
      categories,
      scoreThreshold: thresholdsByLabel(
        job.scoreThreshold ?? { byName: new Map() },
        categories,
        detector.scoreThresholds,
      ),
      onFound: async (found) => {
        for (const output of outputs) await output.add(found);
      },
    });
    const text = outputs.map((output) => output.finish() ?? '').join('');
    staged.publish();
    return { text, fault: numBroken > 0 ? leftOut(numBroken, inputs.length) : undefined };
  } finally {
    staged.discard();
    detector.model.dispose();
  }
}

function leftOut(numBroken: number, count: number): InputError {
  return new InputError(
    'pictures-left-out',
    `${numBroken} of ${pluralize(count, 'picture')} could not be read; the results are those of the others`,
    { numBroken, count },
  );
}
