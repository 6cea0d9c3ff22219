import { flipBoxes, flipBoxesVertically, numBoxes, scaleBoxes, selectBoxes, type Boxes } from './boxes';
import type { Detections, Instances } from './instances';
import type { Mask } from './mask';
import { maskCrop, maskFlip, maskResize, maskVerticalFlip, type MaskTransform } from './mask-transforms';
import type { Size, Window } from './size';

// What is done to the objects of an image when something is done to it. All give new instances, and leave what they are
// given as it is. Keypoints of visibility 0 are nowhere, and stay so.

/**
 * The objects of an image that is `width` pixels wide after it is mirrored left to right.
 *
 * @param keypointOrder which keypoint takes each one's place, `flippedOrder` of their layout: the left eye of a mirrored person is
 *   what was the right one. Only objects without keypoints, or none, have no use for it.
 * @throws RangeError if there are keypoints and no order of them
 */
export function flipInstances(instances: Detections, width: number, keypointOrder?: Int32Array): Detections;
export function flipInstances(instances: Instances, width: number, keypointOrder?: Int32Array): Instances;
export function flipInstances(
  instances: Instances | Detections,
  width: number,
  keypointOrder?: Int32Array,
): Instances {
  const { boxes, masks, keypoints, ignored } = instances;
  const flipped: Instances = {
    ...instances,
    boxes: flipBoxes(boxes, width),
    ...(ignored && { ignored: flipBoxes(ignored, width) }),
    ...(masks && { masks: movedMasks(masks, maskFlip) }),
    ...(keypoints && {
      keypoints: movedKeypoints(reordered(keypoints, 3, keypointOrder), (x, y) => [width - x, y]),
    }),
  };
  if (!('keypointScores' in instances) || instances.keypointScores === undefined) return flipped;
  const detections: Detections = {
    ...instances,
    ...flipped,
    keypointScores: reordered(instances.keypointScores, 1, keypointOrder),
  };
  return detections;
}

/** The masks of an image, which have one size, after something is done to each. */
function movedMasks(masks: readonly Mask[], transform: (size: Size) => MaskTransform): Mask[] {
  return masks.length === 0 ? [] : masks.map(transform(masks[0].size));
}

/** Values [N, K, length] with the keypoints in another order. */
function reordered(values: Float32Array, length: number, order: Int32Array | undefined): Float32Array {
  if (values.length === 0) return values;
  if (order === undefined) {
    throw new RangeError(
      'which keypoints change places in a mirrored picture must be known: give their layout',
    );
  }
  const row = order.length * length;
  return values.map((_, i) => {
    const keypoint = Math.floor((i % row) / length);
    return values[i + (order[keypoint] - keypoint) * length];
  });
}

/**
 * The objects of an image that is `height` pixels high after it is mirrored top to bottom. Left and right change places then, too:
 * see flipInstances.
 *
 * @throws RangeError if there are keypoints and no order of them
 */
export function flipInstancesVertically(
  instances: Instances,
  height: number,
  keypointOrder?: Int32Array,
): Instances {
  const { boxes, masks, keypoints, ignored } = instances;
  return {
    ...instances,
    boxes: flipBoxesVertically(boxes, height),
    ...(ignored && { ignored: flipBoxesVertically(ignored, height) }),
    ...(masks && { masks: movedMasks(masks, maskVerticalFlip) }),
    ...(keypoints && {
      keypoints: movedKeypoints(reordered(keypoints, 3, keypointOrder), (x, y) => [x, height - y]),
    }),
  };
}

/** The objects of an image of size `from`, in pixels of it at size `to`: torchvision's GeneralizedRCNNTransform. */
export function scaleInstances<Given extends Instances>(instances: Given, from: Size, to: Size): Given {
  const { boxes, masks, keypoints, ignored } = instances;
  const ratioX = Math.fround(to.width / from.width);
  const ratioY = Math.fround(to.height / from.height);
  return {
    ...instances,
    boxes: scaleBoxes(boxes, from, to),
    ...(ignored && { ignored: scaleBoxes(ignored, from, to) }),
    ...(masks && { masks: movedMasks(masks, (size) => maskResize(size, to)) }),
    ...(keypoints && { keypoints: movedKeypoints(keypoints, (x, y) => [x * ratioX, y * ratioY]) }),
  };
}

/** The objects of a part of an image, in pixels of the whole image. Masks are empty outside of the part. */
export function placeInstances<Given extends Instances>(
  instances: Given,
  part: Pick<Window, 'left' | 'top'>,
  image: Size,
): Given {
  const { boxes, masks, keypoints, ignored } = instances;
  const { left, top } = part;
  const moved = (of: Boxes): Boxes => of.map((value, i) => value + (i % 2 === 0 ? left : top));
  const around = { left: 0 - left, top: 0 - top, ...image };
  return {
    ...instances,
    boxes: moved(boxes),
    ...(ignored && { ignored: moved(ignored) }),
    ...(masks && { masks: movedMasks(masks, (size) => maskCrop(size, around)) }),
    ...(keypoints && { keypoints: movedKeypoints(keypoints, (x, y) => [x + left, y + top]) }),
  };
}

/**
 * What can be seen of the objects in a window, in its pixels: boxes are cut to it, and objects of whose box nothing is left
 * are left out, as in torchvision's FixedSizeCrop. Keypoints outside get visibility 0, as in detectron2's
 * transform_keypoint_annotations.
 */
export function cropInstances(instances: Instances, window: Window): Instances {
  const { top, left, height, width } = window;
  const boxes = cutBoxes(instances.boxes, window);
  const regions = instances.ignored && cutBoxes(instances.ignored, window);
  const seen = selectInstances({ ...instances, boxes }, indicesWithArea(boxes));
  const { masks, keypoints } = seen;
  const moved = (x: number, y: number): readonly [number, number] | undefined =>
    x >= left && x <= left + width && y >= top && y <= top + height ? [x - left, y - top] : undefined;
  return {
    ...seen,
    ...(regions && { ignored: selectBoxes(regions, indicesWithArea(regions)) }),
    ...(masks && { masks: movedMasks(masks, (size) => maskCrop(size, window)) }),
    ...(keypoints && { keypoints: movedKeypoints(keypoints, moved) }),
  };
}

/** What boxes have in a window, in its pixels. */
function cutBoxes(boxes: Boxes, { top, left, height, width }: Window): Boxes {
  return boxes.map((value, i) =>
    i % 2 === 0 ? Math.min(Math.max(value - left, 0), width) : Math.min(Math.max(value - top, 0), height),
  );
}

function indicesWithArea(boxes: Boxes): Int32Array {
  return Int32Array.from({ length: numBoxes(boxes) }, (_, i) => i).filter((i) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4);
    return x1 < x2 && y1 < y2;
  });
}

/** The objects at these indices, in their order, with all that is known of them. Regions to ignore stay: they are the image's. */
export function selectInstances(instances: Detections, indices: Int32Array): Detections;
export function selectInstances(instances: Instances, indices: Int32Array): Instances;
export function selectInstances(instances: Instances | Detections, indices: Int32Array): Instances {
  const { boxes, labels, masks, hasMask, keypoints, ignored } = instances;
  const selected = {
    boxes: selectBoxes(boxes, indices),
    labels: Int32Array.from(indices, (i) => labels[i]),
    ...(masks && { masks: Array.from(indices, (i) => masks[i]) }),
    ...(hasMask && { hasMask: Uint8Array.from(indices, (i) => hasMask[i]) }),
    ...(keypoints && { keypoints: selectRows(keypoints, labels.length, indices) }),
    ...(ignored && { ignored }),
  };
  if (!('scores' in instances)) return selected;
  const { scores, keypointScores } = instances;
  const detections: Detections = {
    ...selected,
    scores: selectRows(scores, labels.length, indices),
    ...(keypointScores && { keypointScores: selectRows(keypointScores, labels.length, indices) }),
  };
  return detections;
}

/** Of values [count, ...] those at these indices of the first axis. */
function selectRows(values: Float32Array, count: number, indices: Int32Array): Float32Array {
  if (count === 0) return new Float32Array(0);
  const length = values.length / count;
  const selected = new Float32Array(indices.length * length);
  indices.forEach((index, i) =>
    selected.set(values.subarray(index * length, (index + 1) * length), i * length),
  );
  return selected;
}

/** Keypoints [N, K, 3], of which the visible ones are at other places; undefined is nowhere. */
export function movedKeypoints(
  keypoints: Float32Array,
  place: (x: number, y: number) => readonly [x: number, y: number] | undefined,
): Float32Array {
  const moved = keypoints.slice();
  for (let k = 0; k < moved.length; k += 3) {
    moved.set((moved[k + 2] !== 0 && place(moved[k], moved[k + 1])) || [0, 0, 0], k);
  }
  return moved;
}
