import type { Boxes } from '../../../detection/structures/boxes';
import type { Instances } from '../../../detection/structures/instances';
import type { Mask } from '../../../detection/structures/mask';
import { cropInstances, movedKeypoints } from '../../../detection/structures/transform-instances';
import { PolygonMask } from '../../coco/masks/polygon-mask';
import { rleToBox } from '../../coco/masks/rle';
import { turnMask } from './turn-mask';
import type { Turn } from './turn';

/**
 * The objects of a turned picture. The box of an object with a mask is that around its turned polygons or pixels, that of any
 * other around the four corners of its box, as in torchvision. What is outside then is cut off, as in any crop.
 */
export function turnInstances(instances: Instances, turn: Turn): Instances {
  const { hasMask, keypoints, ignored } = instances;
  const masks = instances.masks?.map((mask) => turnMask(mask, turn));
  const boxes = turnBoxes(instances.boxes, turn);
  masks?.forEach((mask, i) => {
    if (hasMask?.[i] !== 0) boxes.set(boxAround(mask), 4 * i);
  });
  const turned: Instances = {
    ...instances,
    boxes,
    ...(masks && { masks }),
    ...(keypoints && { keypoints: movedKeypoints(keypoints, (x, y) => turn.to(x, y)) }),
    ...(ignored && { ignored: turnBoxes(ignored, turn) }),
  };
  return cropInstances(turned, { top: 0, left: 0, ...turn.size });
}

function turnBoxes(boxes: Boxes, turn: Turn): Boxes {
  const turned = new Float32Array(boxes.length);
  for (let b = 0; b < boxes.length; b += 4) {
    const [x1, y1, x2, y2] = boxes.subarray(b, b + 4);
    const corners = [turn.to(x1, y1), turn.to(x2, y1), turn.to(x2, y2), turn.to(x1, y2)];
    turned.set(extent(corners.flat()), b);
  }
  return turned;
}

function boxAround(mask: Mask): number[] {
  if (mask instanceof PolygonMask) return extent(mask.polygons.flat());
  const [x, y, width, height] = rleToBox(mask);
  return [x, y, x + width, y + height];
}

/** x1, y1, x2, y2 of points x, y, x, y, ... */
function extent(points: readonly number[]): number[] {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  points.forEach((value, i) => {
    const axis = i % 2;
    box[axis] = Math.min(box[axis], value);
    box[axis + 2] = Math.max(box[axis + 2], value);
  });
  return box;
}
