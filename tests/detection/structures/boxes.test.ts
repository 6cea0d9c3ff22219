import {
  boxAreas,
  clipBoxes,
  concatBoxes,
  numBoxes,
  scaleBoxes,
  selectBoxes,
} from '../../../detection/structures/boxes';

const none = new Float32Array(0);

describe('boxes', () => {
  it('have float32 areas (torchvision test_ops.py)', () => {
    const boxes = Float32Array.of(
      ...[285.3538, 185.5758, 1193.511, 851.4551],
      ...[285.1472, 188.7374, 1192.4984, 851.0669],
      ...[279.244, 197.9812, 1189.4746, 849.2019],
    );
    const expected = [604723.0806, 600965.4666, 592761.0085];
    boxAreas(boxes).forEach((area, i) => expect(Math.abs(area - expected[i])).toBeLessThan(0.05));
  });

  it('are clipped to the image, each axis to its own side', () => {
    const boxes = Float32Array.of(-3, -4, 50, 70, 10, 20, 30.5, 40.25, 90, 90, 95, 99);
    const clipped = clipBoxes(boxes, { height: 60, width: 40 });
    expect([...clipped]).toEqual([0, 0, 40, 60, 10, 20, 30.5, 40.25, 40, 60, 40, 60]);
    expect(boxes[0]).toBe(-3);
  });

  it('are scaled by float32 ratios, each axis by its own', () => {
    const scaled = scaleBoxes(
      Float32Array.of(10, 10, 30, 40),
      { height: 3, width: 10 },
      { height: 1, width: 20 },
    );
    const third = Math.fround(1 / 3);
    expect([...scaled]).toEqual([20, Math.fround(10 * third), 60, Math.fround(40 * third)]);
  });

  it('are joined and picked in order', () => {
    const joined = concatBoxes([Float32Array.of(1, 2, 3, 4), none, Float32Array.of(5, 6, 7, 8)]);
    expect([...joined]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...selectBoxes(joined, Int32Array.of(1, 0, 1))]).toEqual([5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('may be none', () => {
    expect(numBoxes(none)).toBe(0);
    expect(boxAreas(none)).toHaveLength(0);
    expect(clipBoxes(none, { height: 1, width: 1 })).toHaveLength(0);
    expect(scaleBoxes(none, { height: 1, width: 1 }, { height: 2, width: 2 })).toHaveLength(0);
    expect(concatBoxes([])).toHaveLength(0);
    expect(selectBoxes(none, new Int32Array(0))).toHaveLength(0);
  });
});
