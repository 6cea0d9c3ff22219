import { CategoryMap } from '../../datasets/coco/categories/category-map';
import { unusedRangeNote } from '../../datasets/images/unused-range';
import { InputError } from '../../detection/errors';
import { StagedFiles } from '../../detection/files/staged-files';
import type { PictureDetector } from '../../datasets/inference/picture-detector';
import type { OpenedDetector } from '../../weights/onnx/opened-detector';
import { inShard } from '../shards/shard';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import type { DetectJob, DetectResult } from './detect-job';
import { detectPictures } from './detect-pictures';
import { createOutputs } from './outputs/create-outputs';
import type { PictureInput } from './outputs/found-picture';
import { thresholdsByLabel } from './score-thresholds';

/**
 * `rcnn detect` for pictures. Files get their names when all of them are done: Ctrl-C or a full disk leaves nothing half-written.
 *
 * @param open opens the detector, after it has been made sure that everything else is as it should be. It is disposed of here.
 * @throws InputError where something is not; Interrupted where the user stops it.
 */
export async function runPictures(
  inputs: readonly PictureInput[],
  job: DetectJob,
  open: () => Promise<OpenedDetector>,
): Promise<DetectResult> {
  const own = job.share ? inShard(inputs, job.share.shard).map(({ item }) => item) : inputs;
  const staged = new StagedFiles();
  const outputs = await createOutputs(job, inputs, staged);
  const detector = await open();
  try {
    const note = await unusedRangeNote(own.map(({ file }) => file));
    if (note !== undefined) logLine(note);
    tellOfMissingMasks(job, detector.model);
    const categories = new CategoryMap(detector.categories, 'the detector');
    for (const output of outputs) output.begin?.(categories);
    const numBroken = await detectPictures(detector.model, own, {
      categories,
      inference: job.inference,
      scoreThreshold: thresholdsByLabel(job.scoreThreshold, categories, detector.scoreThresholds),
      onFound: async (found) => {
        for (const output of outputs) await output.add(found);
      },
    });
    const text = outputs.map((output) => output.finish() ?? '').join('');
    staged.publish();
    return { text, fault: numBroken > 0 ? leftOut(numBroken, own.length) : undefined };
  } finally {
    staged.discard();
    detector.model.dispose();
  }
}

/** Says where masks are asked for that the detector does not find. */
export function tellOfMissingMasks(
  { masks }: Pick<DetectJob, 'masks'>,
  { definition, iouTypes }: PictureDetector,
): void {
  if (masks === undefined || iouTypes.includes('segm')) return;
  logLine(`--masks ${masks}: ${definition.name} finds no masks; the results have none`);
}

function leftOut(numBroken: number, count: number): InputError {
  return new InputError(
    'pictures-left-out',
    `${numBroken} of ${pluralize(count, 'picture')} could not be read; the results are those of the others`,
    { numBroken, count },
  );
}
