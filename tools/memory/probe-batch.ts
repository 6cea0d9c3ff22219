import * as tf from '@tensorflow/tfjs-core';
import type { Detector } from '../../detection/modeling/detector';
import { fasterRcnnDefaults } from '../../detection/modeling/faster-rcnn-defaults';
import { RandomStream } from '../../detection/nn/random';
import type { DetectionBatch } from '../../detection/structures/detection-batch';
import type { Targets } from '../../detection/structures/instances';
import type { Size } from '../../detection/structures/size';

/** Images of a batch and the size that all of them are padded to. */
export interface BatchShape extends Size {
  readonly images: number;
}

/** Objects of a picture: so many that a head of masks or keypoints gets as many regions as it ever does with torchvision's numbers. */
const OBJECTS = fasterRcnnDefaults.roi.batchSizePerImage * fasterRcnnDefaults.roi.positiveFraction;

/** Sides of an object as shares of the picture's: objects of all levels of a pyramid. */
const SIDES = [0.03, 0.8] as const;

const SEED = 0;

/** A batch of noise with objects anywhere in it: what a training step of its shape takes at most. The caller disposes `images.tensor`. */
export function probeBatch(detector: Detector, { images, height, width }: BatchShape): DetectionBatch {
  const sizes = Array.from({ length: images }, () => ({ height, width }));
  return {
    images: {
      tensor: tf.randomUniform([images, height, width, 3], -2, 2, 'float32', SEED),
      sizes,
      originalSizes: sizes,
    },
    targets: sizes.map((size, i) => targetsIn(size, detector, i)),
    imageIds: sizes.map((_, i) => i),
  };
}

function targetsIn(size: Size, { categories, keypoints }: Detector, image: number): Targets {
  const random = new RandomStream(SEED, `probe-batch-${image}`);
  const corners = Array.from({ length: OBJECTS }, () => {
    const share = Math.exp(random.between(Math.log(SIDES[0]), Math.log(SIDES[1])));
    const [width, height] = [size.width * share, size.height * share];
    const [x, y] = [random.between(0, size.width - width), random.between(0, size.height - height)];
    return [x, y, x + width, y + height];
  });
  return {
    boxes: Float32Array.from(corners.flat()),
    labels: Int32Array.from(corners, () => 1 + random.integer(categories.length)),
    masks: corners.map(([, , x2]) => leftOf(Math.round(x2), size)),
    ...(keypoints && {
      keypoints: Float32Array.from(
        corners.flatMap(([x1, y1, x2, y2]) =>
          keypoints.names.flatMap(() => [(x1 + x2) / 2, (y1 + y2) / 2, 2]),
        ),
      ),
    }),
  };
}

/** All pixels of the columns before one. */
function leftOf(column: number, size: Size): NonNullable<Targets['masks']>[number] {
  const inside = column * size.height;
  return { size, counts: Uint32Array.of(0, inside, size.width * size.height - inside) };
}
