import type { Size } from '../../../detection/structures/size';
import { turnPoint, type Orientation } from '../../images/orientation';

/**
 * "keypoints" of COCO's JSON, x, y, visibility of each, when their picture has been turned. One at 0, 0 that is not labeled
 * stands for none and stays there.
 *
 * @param size of the picture before
 */
export function turnKeypoints(keypoints: readonly number[], orientation: Orientation, size: Size): number[] {
  return keypoints.flatMap((x, i) => {
    if (i % 3 !== 0) return [];
    const [y, visibility] = [keypoints[i + 1], keypoints[i + 2]];
    const isNone = x === 0 && y === 0 && visibility === 0;
    return [...(isNone ? [0, 0] : turnPoint([x, y], orientation, size)), visibility];
  });
}
