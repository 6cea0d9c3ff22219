import type { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';
import { detectSet } from '../../datasets/evaluation/detect-images';
import { categoriesIn, detectorFacts } from '../../datasets/evaluation/evaluate-found';
import type { IouType } from '../../datasets/evaluation/parameters';
import type { InferenceOptions } from '../../datasets/inference/options';
import { writeWholeFile } from '../../detection/files/whole-file';
import { sha256Of } from '../../weights/file-hash';
import { logWorkerDeath } from '../run/hooks/data-faults';
import type { OpenedDetector } from '../../weights/onnx/opened-detector';
import { interruptible } from '../terminal/interruption';
import { logLine, Progress } from '../terminal/progress';
import { inShard, type Shard } from './shard';
import { shardText } from './shard-file';
import { storeDetections } from './stored-detections';

/** What a share of an evaluation is done with. */
export interface ShardJob {
  readonly shard: Shard;
  /** That gets what was found. */
  readonly file: string;
  readonly iouTypes: readonly IouType[];
  readonly inference: InferenceOptions;
  /** What shares of one job have in common, beside the annotations and the detector. */
  readonly made: Readonly<Record<string, unknown>>;
  readonly places: { readonly annotations: string; readonly images: string };
}

/**
 * Detects in a share of the pictures of a data set.
 *
 * @throws InputError where the detector and the data set have no category in common, or the file cannot be written; ImageError
 *   where a picture cannot be used; Interrupted where the user stops it.
 */
export async function detectShard(
  { model, categories }: OpenedDetector,
  set: CocoDataset,
  { shard, file, iouTypes, inference, made, places }: ShardJob,
): Promise<void> {
  const facts = detectorFacts(model, { categories, iouTypes });
  categoriesIn(set, facts, logLine);
  const examples = cocoExamples(set);
  const own = inShard(examples, shard);
  const progress = new Progress(`share ${shard.number} of ${shard.of}`);
  const found = await interruptible((signal) =>
    detectSet(
      model,
      own.map(({ item }) => item),
      {
        ...inference,
        signal,
        onWorkerDeath: logWorkerDeath,
        onProgress: (done, total) => progress.update(done, total),
      },
    ),
  );
  const text = shardText({
    shardOf: 'evaluate',
    ...shard,
    total: examples.length,
    made: { annotations: await sha256Of(places.annotations), ...made, detector: facts },
    places,
    entries: own.map(({ place, item: { imageId } }) => ({
      place,
      content: storeDetections(imageId, found.get(imageId)!),
    })),
  });
  writeWholeFile(file, text, { makeFolder: true });
}
