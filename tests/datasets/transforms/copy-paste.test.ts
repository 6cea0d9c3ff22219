import { rleFromMask, rleToMask } from '../../../datasets/coco/masks/rle';
import { drawPasted, pastedArea, pasteInstances } from '../../../datasets/transforms/copy-paste';
import type { Instances } from '../../../detection/structures/instances';
import { scaleInstances } from '../../../detection/structures/transform-instances';
import { drawing, ellipse, golden, goldenObjects, maskOfRows, SIZE } from './geometry-golden';

const small = { height: 12, width: 20 };
/** The objects of the pasted picture of make-geometry.py. */
const others: Instances = scaleInstances(
  {
    boxes: Float32Array.of(2, 1, 9, 8, 10, 1, 19, 12, 0, 9, 5, 12),
    labels: Int32Array.of(4, 5, 6),
    masks: [ellipse(5, 4, 3, 3, small), ellipse(14, 6, 4, 5, small), ellipse(2, 10, 2, 1, small)],
    ignored: Float32Array.of(0, 0, 3, 3),
  },
  small,
  SIZE,
);

describe.each(golden.copyPaste)('objects $selected of another picture, as in torchvision', (expected) => {
  const { selected } = expected;
  const integer = Array.from({ length: 3 }, (_, i) => selected[i % selected.length]);
  const pasted = drawPasted(drawing({ uniform: [], integer }), others);
  const area = pastedArea(pasted);

  test('hide an area', () => {
    expect(area).toEqual(maskOfRows(expected.area));
  });

  test('are objects of the picture, with what is left of its own', () => {
    const { boxes, labels, masks, hasMask, keypoints, ignored } = pasteInstances(goldenObjects, pasted, area);
    expect([...labels]).toEqual(expected.labels);
    expect(masks).toEqual(expected.masks.map(maskOfRows));
    expect([hasMask, ignored]).toEqual([undefined, undefined]);
    expect(keypoints).toHaveLength(3 * labels.length);
    labels.forEach((label, i) => {
      const box = [...boxes.subarray(4 * i, 4 * i + 4)];
      // Of what is not hidden at all, the box stays; torchvision takes that around the mask.
      const isWhole =
        label <= 3 && JSON.stringify(masks![i]) === JSON.stringify(goldenObjects.masks![label - 1]);
      const own = isWhole ? [...goldenObjects.boxes.subarray(4 * label - 4, 4 * label)] : expected.boxes[i];
      box.forEach((value, k) => expect(value).toBeCloseTo(own[k], 5));
    });
  });
});

test('objects without masks are not pasted, and neither is one of which nothing is left', () => {
  const hasMask = Uint8Array.of(0, 1, 1);
  const empty = rleFromMask(new Uint8Array(SIZE.height * SIZE.width), SIZE);
  const masks = [others.masks![0], others.masks![1], empty];
  const pasted = drawPasted(drawing({ uniform: [], integer: [0] }), { ...others, masks, hasMask });
  expect([...pasted.labels]).toEqual([5]);
  const { boxes, labels } = others;
  expect(drawPasted(drawing({ uniform: [] }), { boxes, labels }).labels).toHaveLength(0);
});

test('an object without a mask stays, unless all of its box is hidden; hidden keypoints are no longer visible', () => {
  const pasted = drawPasted(drawing({ uniform: [], integer: [1, 1, 1] }), others);
  const area = pastedArea(pasted);
  const inside = rleToMask(area);
  const isHidden = (x: number, y: number): boolean => inside[y * SIZE.width + x] === 1;
  expect([isHidden(15, 8), isHidden(18, 12), isHidden(2, 2)]).toEqual([true, true, false]);
  const targets: Instances = {
    boxes: Float32Array.of(15.5, 8.5, 18, 12, 1, 1, 18, 12),
    labels: Int32Array.of(1, 2),
    keypoints: Float32Array.of(16, 9, 2, 2, 2, 2, 16.5, 9.5, 2, 2.5, 2.5, 2),
    ignored: Float32Array.of(1, 2, 3, 4),
  };
  const { boxes, labels, hasMask, keypoints, ignored } = pasteInstances(targets, pasted, area);
  expect([...labels]).toEqual([2, 5]);
  expect([...boxes.subarray(0, 4)]).toEqual([1, 1, 18, 12]);
  expect(hasMask).toEqual(Uint8Array.of(0, 1));
  expect([...keypoints!]).toEqual([16.5, 9.5, 1, 2.5, 2.5, 2, 0, 0, 0, 0, 0, 0]);
  expect(ignored).toEqual(targets.ignored);
});
