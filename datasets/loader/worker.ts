/**
 * Entry of a loader's worker thread: decodes, changes colors, flips, resizes, normalizes and pads. It never loads
 * TensorFlow.
 */
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { batchSlot, resizeAndNormalize } from '../../detection/structures/resize';
import { ImageError } from '../images/decode';
import { decodeImageWithRetries } from '../images/retry';
import { AugmentationError } from '../transforms/augmentation';
import { changeColors } from '../transforms/photometric';
import { applyAugmentation } from './apply-augmentation';
import { numValues } from './batch-job';
import type { BatchAnswer, BatchRequest, PictureJob, RefusedPicture } from './batch-job';

// Each picture is read once an epoch, so a cache only holds memory. And libvips' own threads would compete with
// TensorFlow's for the same cores; the pictures of a batch are decoded side by side anyway.
sharp.cache(false);
sharp.concurrency(1);

/** Returns what is wrong with its pictures. @throws AugmentationError */
async function loadBatch({ job, buffer }: BatchRequest): Promise<RefusedPicture[]> {
  const { pictures, padded, input } = job;
  const batch = new Float32Array(buffer, 0, numValues(job));
  const refused: RefusedPicture[] = [];
  const loadPicture = async (picture: PictureJob, index: number): Promise<void> => {
    const { file, size, upright, colorChanges = [], resized, window, flip } = picture;
    try {
      const decoded = await decodeImageWithRetries(file, { expectedSize: size, upright });
      changeColors(decoded.pixels, colorChanges);
      const image = await applyAugmentation(decoded, picture);
      resizeAndNormalize(image, resized, batchSlot(batch, padded, index), { ...input, flip, window });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      const { reason, fault, facts } = error;
      refused.push({ index, reason, fault, facts });
    }
  };
  await Promise.all(pictures.map(loadPicture));
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
