import { readFileSync } from 'node:fs';
import { boxIou, iouRow } from '../../../detection/ops/iou';
import { boxAreas } from '../../../detection/structures/boxes';
import { describeShared, sharedPath } from '../../shared';
import { randomBoxes } from '../random-boxes';

interface Golden {
  readonly iou: { readonly a: number[][]; readonly b: number[][]; readonly iou: number[][] };
}

function row(a: Float32Array, i: number, b: Float32Array): number[] {
  const values = new Float32Array(b.length / 4).fill(7);
  iouRow(a, i, b, boxAreas(b), values);
  return [...values];
}

describe('intersection over union', () => {
  it("is detectron2's (test_boxes.py)", () => {
    const one = Float32Array.of(0, 0, 1, 1);
    const others = Float32Array.of(
      ...[0, 0, 1, 1],
      ...[0, 0, 0.5, 1],
      ...[0, 0, 1, 0.5],
      ...[0, 0, 0.5, 0.5],
      ...[0.5, 0.5, 1, 1],
      ...[0.5, 0.5, 1.5, 1.5],
    );
    expect(row(one, 0, others)).toEqual([1, 0.5, 0.5, 0.25, 0.25, Math.fround(0.25 / 1.75)]);
  });

  it('is the same to the bit by rows and by pairs, and symmetric', () => {
    const a = randomBoxes(40, 1);
    const b = randomBoxes(60, 2, 40, true);
    for (let i = 0; i < 40; i++) {
      row(a, i, b).forEach((value, j) => {
        expect(value).toBe(boxIou(a, i, b, j));
        expect(value).toBe(boxIou(b, j, a, i));
      });
    }
  });

  it('is 0 for boxes that only touch, or have no area', () => {
    const a = Float32Array.of(0, 0, 2, 2);
    const b = Float32Array.of(2, 0, 4, 2, 1, 1, 1, 1, 0, 1, 2, 1);
    expect(row(a, 0, b)).toEqual([0, 0, 0]);
    expect(boxIou(b, 1, b, 1)).toBe(0);
    expect(row(a, 0, new Float32Array(0))).toEqual([]);
  });
});

describeShared('intersection over union, golden', () => {
  it("is torchvision's", () => {
    const { iou } = JSON.parse(readFileSync(sharedPath('golden/golden_components.json'), 'utf8')) as Golden;
    const b = Float32Array.from(iou.b.flat());
    iou.iou.forEach((expected, i) => expect(row(Float32Array.from(iou.a.flat()), i, b)).toEqual(expected));
  });
});
