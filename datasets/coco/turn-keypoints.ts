import type { Size } from '../../detection/structures/size';
import { turnPoint, type Orientation } from '../images/orientation';

/**
 * "keypoints" of COCO's JSON, x, y, visibility of each, when their picture has been turned. One at 0, 0 that is not labeled
 * stands for none and stays there. What is no such list stays as it is, for whoever reads it to refuse.
 *
 * @param size of the picture before
 */
export function turnKeypoints(keypoints: unknown, orientation: Orientation, size: Size): unknown {
  if (!Array.isArray(keypoints) || keypoints.length % 3 !== 0 || !keypoints.every(Number.isFinite)) {
    return keypoints;
  }
  const numbers = keypoints as readonly number[];
  return numbers.flatMap((x, i) => {
    if (i % 3 !== 0) return [];
    const [y, visibility] = [numbers[i + 1], numbers[i + 2]];
    const isNone = x === 0 && y === 0 && visibility === 0;
    return [...(isNone ? [0, 0] : turnPoint([x, y], orientation, size)), visibility];
  });
}
