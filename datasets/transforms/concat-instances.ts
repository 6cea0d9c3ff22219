import { concatBoxes, numBoxes } from '../../detection/structures/boxes';
import type { Instances } from '../../detection/structures/instances';
import { emptyMask } from '../../detection/structures/mask';
import type { Size } from '../../detection/structures/size';

/**
 * The objects of several pictures that have become one, in the order of the lists.
 *
 * @param size of the one picture, which the masks have; objects of pictures without masks get empty ones, and hasMask 0, where
 *   others have some, and those without keypoints get keypoints of visibility 0.
 */
export function concatInstances(lists: readonly Instances[], size: Size): Instances {
  const hasMasks = lists.some(({ masks }) => masks !== undefined);
  const allHaveMasks = lists.every(
    ({ boxes, masks, hasMask }) => boxes.length === 0 || (masks !== undefined && hasMask === undefined),
  );
  const numKeypoints = Math.max(0, ...lists.map(keypointsOfOne));
  const hasKeypoints = lists.some(({ keypoints }) => keypoints !== undefined);
  const ignored = lists.flatMap((instances) => instances.ignored ?? []);
  return {
    boxes: concatBoxes(lists.map(({ boxes }) => boxes)),
    labels: Int32Array.from(lists.flatMap(({ labels }) => [...labels])),
    ...(hasMasks && {
      masks: lists.flatMap(
        ({ boxes, masks }) => masks ?? Array.from({ length: numBoxes(boxes) }, () => emptyMask(size)),
      ),
    }),
    ...(hasMasks &&
      !allHaveMasks && {
        hasMask: Uint8Array.from(
          lists.flatMap(({ boxes, masks, hasMask }) => [
            ...(hasMask ?? new Uint8Array(numBoxes(boxes)).fill(Number(masks !== undefined))),
          ]),
        ),
      }),
    ...(hasKeypoints && {
      keypoints: Float32Array.from(
        lists.flatMap(({ boxes, keypoints }) => [
          ...(keypoints ?? new Float32Array(numBoxes(boxes) * numKeypoints)),
        ]),
      ),
    }),
    ...(ignored.length > 0 && { ignored: concatBoxes(ignored) }),
  };
}

/** How many numbers the keypoints of one object take, 3 each. */
function keypointsOfOne({ boxes, keypoints = new Float32Array(0) }: Instances): number {
  return boxes.length === 0 ? 0 : keypoints.length / numBoxes(boxes);
}
