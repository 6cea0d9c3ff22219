import { makeImageBatch } from '../../detection/structures/image-batch';
import type { InputSpec, ResizeSpec } from '../../detection/structures/input-spec';
import type { Detections } from '../../detection/structures/instances';
import { flippedOrder } from '../../detection/structures/keypoint-layout';
import { flipInstances } from '../../detection/structures/transform-instances';
import {
  batchSlot,
  paddedSize,
  resizeAndNormalize,
  resizedSize,
  type RgbImage,
} from '../../detection/structures/resize';
import type { Detector } from '../../detection/modeling/detector';
import type { Size } from '../../detection/structures/size';
import { turnImage } from '../images/turn-image';
import { equalRuns } from '../loader/equal-runs';
import { isExported, type PictureDetector } from './picture-detector';
import { yieldToEventLoop } from './yield-to-event-loop';

/** The EXIF orientation of a mirror image. */
const MIRRORED = 2;

/** One way to show a picture to a detector. */
export interface View {
  /** The picture in memory. */
  readonly image: RgbImage;
  /** Factor on the size at which the detector takes pictures. */
  readonly scale: number;
  /** Whether its mirror image is shown. */
  readonly flip: boolean;
}

/**
 * Detections in each view, in pixels of its picture, not mirrored. Views of one padded size share batches: a detector gives
 * an image other results where it is padded more, and here batches change nothing but the time. Of exported detectors pictures of
 * one size share them.
 *
 * @throws the signal's reason, between two batches.
 */
export async function detectViews(
  model: PictureDetector,
  views: readonly View[],
  batchSize: number,
  signal?: AbortSignal,
): Promise<Detections[]> {
  const { input } = model;
  const shown = views
    .map((view, index) => {
      const size = resizedSize(view.image.size, scaledResize(input.resize, view.scale));
      const padded = isExported(model) ? view.image.size : paddedSize([size], input.sizeDivisor);
      return { ...view, index, size, padded };
    })
    .sort((a, b) => a.padded.height - b.padded.height || a.padded.width - b.padded.width);
  const keypointOrder = model.keypoints && flippedOrder(model.keypoints);
  const found: Detections[] = [];
  for (const batch of equalRuns(shown, batchSize, ({ padded }) => `${padded.width}x${padded.height}`)) {
    const detected = isExported(model)
      ? await model.detectPictures(
          batch.map(({ image, flip }) => (flip ? turnImage(image, MIRRORED) : image)),
        )
      : detectBatch(model, batch, input);
    for (const [k, { index, flip, image }] of batch.entries()) {
      found[index] = flip ? flipInstances(detected[k], image.size.width, keypointOrder) : detected[k];
    }
    await yieldToEventLoop(signal);
  }
  return found;
}

interface SizedView extends View {
  /** After resizing. */
  readonly size: Size;
  /** Of the batch: what its images have to have in common. */
  readonly padded: Size;
}

function detectBatch(model: Detector, views: readonly SizedView[], input: InputSpec): Detections[] {
  const [{ padded }] = views;
  const pixels = new Float32Array(views.length * padded.height * padded.width * 3);
  views.forEach(({ image, size, flip }, k) =>
    resizeAndNormalize(image, size, batchSlot(pixels, padded, k), { ...input, flip }),
  );
  const images = makeImageBatch(
    pixels,
    padded,
    views.map(({ size }) => size),
    views.map(({ image }) => image.size),
  );
  try {
    return model.detect(images);
  } finally {
    images.tensor.dispose();
  }
}

/** A detector's size of pictures, enlarged or reduced; whole pixels. */
export function scaledResize(resize: ResizeSpec, scale: number): ResizeSpec {
  const scaled = (pixels: number): number => Math.max(1, Math.round(pixels * scale));
  return resize.kind === 'fixed'
    ? { ...resize, height: scaled(resize.height), width: scaled(resize.width) }
    : { ...resize, minSize: scaled(resize.minSize), maxSize: scaled(resize.maxSize) };
}
