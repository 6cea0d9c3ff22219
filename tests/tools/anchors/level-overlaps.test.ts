import fc from 'fast-check';
import { AnchorGenerator } from '../../../detection/modeling/rpn/anchor-generator';
import { boxIou } from '../../../detection/ops/iou';
import { numBoxes, type Boxes } from '../../../detection/structures/boxes';
import { levelOverlaps } from '../../../tools/anchors/level-overlaps';

function bestOf(boxes: Boxes, index: number, anchors: Boxes): number {
  return Array.from({ length: numBoxes(anchors) }, (_, j) => boxIou(boxes, index, anchors, j)).reduce(
    (best, overlap) => Math.max(best, overlap),
    0,
  );
}

const side = fc.double({ min: 0.01, max: 150, noNaN: true });
const place = fc.double({ min: -20, max: 120, noNaN: true });
const boxList = fc
  .array(fc.tuple(place, place, side, side), { minLength: 1, maxLength: 8 })
  .map((boxes) => Float32Array.from(boxes.flatMap(([x, y, width, height]) => [x, y, x + width, y + height])));

const sizes = fc.array(fc.double({ min: 0.5, max: 130, noNaN: true }), { minLength: 1, maxLength: 3 });
const ratios = fc.array(fc.double({ min: 0.2, max: 5, noNaN: true }), { minLength: 1, maxLength: 3 });
const count = fc.integer({ min: 1, max: 9 });
const strides = fc.integer({ min: 1, max: 17 });
/** As a model lays them out: whole pixels. */
const laidOut = fc
  .tuple(sizes, ratios, count, count, strides, strides)
  .map(([ofLevel, shapes, height, width, strideY, strideX]) => {
    const image = { height: height * strideY, width: width * strideX };
    return new AnchorGenerator([ofLevel], [shapes]).anchors(image, [{ height, width }])[0];
  });

function expectAsEach(anchors: Boxes, boxes: Boxes): void {
  const overlaps = levelOverlaps(anchors);
  for (let i = 0; i < numBoxes(boxes); i++) {
    expect(overlaps.bestOverlap(boxes, i)).toBe(bestOf(boxes, i, anchors));
  }
}

test('of anchors on a grid the best is found as by comparing with each, to the bit', () => {
  fc.assert(fc.property(laidOut, boxList, expectAsEach));
});

test('of anchors that lie anyhow too', () => {
  fc.assert(
    fc.property(
      laidOut,
      boxList,
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (anchors, boxes, factor) => {
        // A grid whose corners are rounded at each place; and one of which an anchor is missing, or lies elsewhere.
        expectAsEach(
          anchors.map((value) => value * factor + 0.1),
          boxes,
        );
        expectAsEach(anchors.slice(4), boxes);
        expectAsEach(anchors.slice(0, -4), boxes);
        expectAsEach(
          anchors.map((value, i) => (i < 4 ? value + 1 : value)),
          boxes,
        );
      },
    ),
  );
});

test('anchors that touch a box, and none, do not overlap it', () => {
  const box = Float32Array.of(10, 10, 20, 20);
  expect(levelOverlaps(Float32Array.of(0, 0, 10, 10, 20, 0, 30, 10)).bestOverlap(box, 0)).toBe(0);
  expect(levelOverlaps(new Float32Array(0)).bestOverlap(box, 0)).toBe(0);
  expect(levelOverlaps(Float32Array.of(5, 5, 15, 15)).bestOverlap(box, 0)).toBe(Math.fround(25 / 175));
});

test('of anchors on a grid columns and rows are looked at, not each anchor', () => {
  const image = { height: 800, width: 1344 };
  const [anchors] = new AnchorGenerator([[32]], [[0.5, 1, 2]]).anchors(image, [{ height: 200, width: 336 }]);
  const overlaps = levelOverlaps(anchors);
  anchors.fill(0);
  expect(overlaps.bestOverlap(Float32Array.of(84, 84, 116, 116), 0)).toBe(1);
});
