import * as tf from '@tensorflow/tfjs-core';
import type { DetectionBatch } from '../../detection/structures/detection-batch';
import type { ImageBatch } from '../../detection/structures/image-batch';
import type { InputSpec } from '../../detection/structures/input-spec';
import { drawPicture, type BenchmarkPicture } from './pictures';

/** As the torchvision peer's bench.py. */
export const BENCHMARK_SEED = 7;
/** COCO's slots, without the background. */
export const BENCHMARK_CLASSES = 90;

/** The pictures of a batch. The caller disposes their pixels. */
export function drawPictures({
  size,
  batch,
  boxes,
  classes,
}: {
  size: number;
  batch: number;
  boxes: number;
  classes: number;
}): BenchmarkPicture[] {
  return Array.from({ length: batch }, (_, i) =>
    drawPicture(size, { boxes, numClasses: classes, seed: BENCHMARK_SEED + i }),
  );
}

/** Normalizes the pictures as a model takes them; none is resized. The caller disposes `tensor`. */
export function imagesOf(
  pictures: readonly Pick<BenchmarkPicture, 'pixels'>[],
  { mean, std, channels }: InputSpec,
): ImageBatch {
  const tensor = tf.tidy(() => {
    const rgb = tf.stack(pictures.map((picture) => picture.pixels)) as tf.Tensor4D;
    const pixels = channels === 'bgr' ? tf.reverse(rgb, 3) : rgb;
    return tf.div<tf.Tensor4D>(tf.sub(pixels, tf.tensor1d([...mean])), tf.tensor1d([...std]));
  });
  const sizes = pictures.map(({ pixels: { shape } }) => ({ height: shape[0], width: shape[1] }));
  return { tensor, sizes, originalSizes: sizes };
}

/** The pictures with their objects, as a model takes them. The caller disposes `images.tensor`. */
export function batchOf(pictures: readonly BenchmarkPicture[], input: InputSpec): DetectionBatch {
  return {
    images: imagesOf(pictures, input),
    targets: pictures.map((picture) => picture.targets),
    imageIds: pictures.map((_, i) => i),
  };
}
