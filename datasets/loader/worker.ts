/**
 * Entry of a loader's worker thread: decodes, changes colors and geometry, flips, resizes, normalizes and pads. It never
 * loads TensorFlow.
 */
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { batchSlot } from '../../detection/structures/resize';
import { ImageError } from '../images/decode';
import { AugmentationError } from '../transforms/augmentation';
import { numValues } from './batch-job';
import type { BatchAnswer, BatchRequest, ImageJob, RefusedPicture } from './batch-job';
import { renderImage } from './render-image';

// Each picture is read once an epoch, so a cache only holds memory. And libvips' own threads would compete with
// TensorFlow's for the same cores; the pictures of a batch are decoded side by side anyway.
sharp.cache(false);
sharp.concurrency(1);

/** Returns what is wrong with its pictures. @throws AugmentationError */
async function loadBatch({ job, buffer }: BatchRequest): Promise<RefusedPicture[]> {
  const { pictures, padded, input } = job;
  const batch = new Float32Array(buffer, 0, numValues(job));
  const refused: RefusedPicture[] = [];
  const loadImage = async (image: ImageJob, index: number): Promise<void> => {
    let part = 0;
    try {
      await renderImage(image, input, batchSlot(batch, padded, index), (next) => (part = next));
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      const { reason, fault, facts } = error;
      refused.push({ index, part, reason, fault, facts });
    }
  };
  await Promise.all(pictures.map(loadImage));
  return refused.sort((a, b) => a.index - b.index);
}

async function answer(request: BatchRequest): Promise<void> {
  parentPort?.postMessage(await answerTo(request));
}

async function answerTo(request: BatchRequest): Promise<BatchAnswer> {
  const { id } = request;
  try {
    return { id, refused: await loadBatch(request) };
  } catch (error) {
    if (!(error instanceof AugmentationError)) throw error;
    return { id, fault: error.fault };
  }
}

// One batch after another, so that the first one asked for is the first one done.
let last = Promise.resolve();
parentPort?.on('message', (request: BatchRequest) => {
  last = last.then(() => answer(request));
});
