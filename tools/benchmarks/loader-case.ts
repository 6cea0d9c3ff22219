/**
 * Times how fast pictures are decoded, flipped, resized and batched; prints one line of JSON:
 *
 *     node dist/tools/benchmarks/loader-case.js '{"annotations":"val.json","images":"images","minSize":800,...}'
 */
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { cocoExamples } from '../../datasets/examples';
import { TrainingLoader } from '../../datasets/loader/training-loader';
import { loadBackend } from '../../detection/backend/node';
import { torchvisionInput } from '../../detection/structures/input-spec';
import { OtherWork } from './machine';

/** What both sides get; the peer's program reads the same names. */
export interface LoaderCase {
  readonly annotations: string;
  readonly images: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly batch: number;
  readonly workers: number;
  /** Timed batches, after one that is not. */
  readonly batches: number;
}

async function main(loaderCase: LoaderCase): Promise<void> {
  await loadBackend();
  const { annotations, images, minSize, maxSize, batch, workers, batches } = loaderCase;
  const loader = new TrainingLoader(cocoExamples(await readCocoDataset(annotations, images)), {
    input: torchvisionInput({ minSize, maxSize }),
    batchSize: batch,
    workers,
    seed: 0,
  });
  let start = 0;
  const otherWork = new OtherWork();
  let loaded = -1;
  let pixels = 0;
  for await (const { images: loadedImages } of loader) {
    if (loaded === -1) start = performance.now();
    else pixels += loadedImages.tensor.shape[1] * loadedImages.tensor.shape[2];
    if (++loaded === batches) break;
  }
  const seconds = (performance.now() - start) / 1000 / (batches * batch);
  process.stdout.write(`${JSON.stringify({ seconds, pixels, disturbed: otherWork.disturbs })}\n`);
}

void main(JSON.parse(process.argv[2]) as LoaderCase);
