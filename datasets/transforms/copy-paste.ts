import type { RandomStream } from '../../detection/nn/random';
import { numBoxes } from '../../detection/structures/boxes';
import type { Instances } from '../../detection/structures/instances';
import type { Mask } from '../../detection/structures/mask';
import { pixelTest } from '../../detection/structures/mask-runs';
import { cropMask, growMask } from '../../detection/structures/mask-transforms';
import { selectInstances } from '../../detection/structures/transform-instances';
import { mergeRles, rleArea, rleToBox, subtractRle } from '../coco/masks/rle';
import { concatInstances } from './concat-instances';

/** torchvision blurs what it pastes, 5 x 5, and takes all pixels that are not 0 then: two more on each side. */
const MARGIN = 2;

/**
 * Draws which objects of a picture are pasted into another one: as torchvision's SimpleCopyPaste, one of all as often as there
 * are objects, each that has been drawn once.
 *
 * @returns those of the objects that have a mask, with all that is known of them
 */
export function drawPasted(random: RandomStream, instances: Instances): Instances {
  const { masks = [], hasMask } = instances;
  const pastable = [...masks.keys()].filter((i) => hasMask?.[i] !== 0 && rleArea(masks[i]) > 0);
  const drawn = new Set(pastable.map(() => random.pick(pastable)));
  const indices = Int32Array.from(pastable.filter((i) => drawn.has(i)));
  return selectInstances({ ...instances, ignored: undefined }, indices);
}

/** What pasted objects hide of the picture: their masks and the pixels around them. There is at least one. */
export function pastedArea({ masks = [] }: Instances): Mask {
  return growMask(mergeRles(masks), MARGIN);
}

/**
 * The objects of a picture into which others have been pasted, which come last. Of what is partly hidden, the mask is what is
 * left, and the box is around that; what is wholly hidden is left out. Hidden keypoints get visibility 1. An object without
 * a mask stays as it is, unless all of its box is hidden.
 *
 * @param area that the pasted objects hide
 */
export function pasteInstances(instances: Instances, pasted: Instances, area: Mask): Instances {
  return concatInstances([unhidden(instances, area), pasted], area.size);
}

/** What is left of objects where an area is hidden. */
function unhidden(instances: Instances, area: Mask): Instances {
  const { hasMask, keypoints } = instances;
  const boxes = instances.boxes.slice();
  const masks = instances.masks?.map((mask) => subtractRle(mask, area));
  const isSeen = (_: unknown, i: number): boolean => {
    if (!masks || hasMask?.[i] === 0) return !isBoxHidden(boxes.subarray(4 * i, 4 * i + 4), area);
    const left = rleArea(masks[i]);
    if (left < rleArea(instances.masks![i])) {
      const [x, y, width, height] = rleToBox(masks[i]);
      boxes.set([x, y, x + width, y + height], 4 * i);
    }
    return left > 0;
  };
  const seen = Int32Array.from({ length: numBoxes(boxes) }, (_, i) => i).filter(isSeen);
  return selectInstances(
    {
      ...instances,
      boxes,
      ...(masks && { masks }),
      ...(keypoints && { keypoints: hiddenKeypoints(keypoints, area) }),
    },
    seen,
  );
}

function isBoxHidden([x1, y1, x2, y2]: Float32Array, area: Mask): boolean {
  const [left, top] = [Math.floor(x1), Math.floor(y1)];
  const [width, height] = [Math.ceil(x2) - left, Math.ceil(y2) - top];
  return rleArea(cropMask(area, { left, top, width, height })) === width * height;
}

/** Keypoints [N, K, 3] of which those in an area are no longer visible, but still known. */
function hiddenKeypoints(keypoints: Float32Array, area: Mask): Float32Array {
  const isHidden = pixelTest(area);
  return keypoints.map((value, k) =>
    k % 3 === 2 && value !== 0 && isHidden(Math.floor(keypoints[k - 2]), Math.floor(keypoints[k - 1]))
      ? 1
      : value,
  );
}
