/** Entry of a loader's worker thread: decodes, flips, resizes, normalises and pads. It never loads TensorFlow. */
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { batchSlot, resizeAndNormalize } from '../../detection/structures/resize';
import { decodeImage, ImageError } from '../images/decode';
import type { BatchAnswer, BatchJob, BatchRequest, PictureJob } from './batch-job';

// Each picture is read once an epoch, so a cache only holds memory. And libvips' own threads would compete with
// TensorFlow's for the same cores; the pictures of a batch are decoded side by side anyway.
sharp.cache(false);
sharp.concurrency(1);

async function loadBatch({ pictures, padded, mean, std }: BatchJob): Promise<ArrayBuffer> {
  const buffer = new ArrayBuffer(
    pictures.length * padded.height * padded.width * 3 * Float32Array.BYTES_PER_ELEMENT,
  );
  const batch = new Float32Array(buffer);
  const loadPicture = async (
    { imageId, file, size, resized, flip }: PictureJob,
    index: number,
  ): Promise<void> => {
    const image = await decodeImage(file, size).catch((error: unknown) => {
      throw error instanceof ImageError
        ? new ImageError(file, `${error.reason} (image id ${imageId})`)
        : error;
    });
    resizeAndNormalize(image, resized, batchSlot(batch, padded, index), { flip, mean, std });
  };
  await Promise.all(pictures.map(loadPicture));
  return buffer;
}

async function answer({ id, job }: BatchRequest): Promise<void> {
  try {
    const pixels = await loadBatch(job);
    const message: BatchAnswer = { id, pixels };
    parentPort?.postMessage(message, [pixels]);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const message: BatchAnswer = { id, refused: { file: error.file, reason: error.reason } };
    parentPort?.postMessage(message);
  }
}

// One batch after another, so that the first one asked for is the first one done.
let last = Promise.resolve();
parentPort?.on('message', (request: BatchRequest) => {
  last = last.then(() => answer(request));
});
