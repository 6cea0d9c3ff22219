import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rleFromMask, rleToMask } from '../../../datasets/coco/masks/rle';
import { maskTargets } from '../../../detection/ops/mask-targets';
import { pasteMasks } from '../../../detection/ops/paste-masks';

interface Golden {
  height: number;
  width: number;
  boxes: number[][];
  pasted: { box: number[]; side: number; k: number; near_half: number; rows: string[] }[];
  mask: string[];
  targets: { rows: string[]; near_half: number }[];
}

const golden = JSON.parse(
  readFileSync(path.join(__dirname, 'detectron2-mask-golden.json'), 'utf8'),
) as Golden;
const image = { height: golden.height, width: golden.width };
const SIDE = 28;

function bits(rows: readonly string[]): Uint8Array {
  return Uint8Array.from(rows.join(''), Number);
}

/** Pixels that differ, which may be those so near to a half that rounding decides. */
function differing(actual: ArrayLike<number>, rows: readonly string[]): number {
  return bits(rows).filter((bit, i) => bit !== actual[i]).length;
}

test('masks are pasted where detectron2 pastes them, a half included', () => {
  for (const { box, side, k, near_half: nearHalf, rows } of golden.pasted) {
    const probabilities = Float32Array.from(
      { length: side * side },
      (_, i) => 0.5 + 0.5 * Math.sin(0.37 * i + k),
    );
    const boxMasks = { side, probabilities, threshold: 0.5, pasting: 'detectron2' as const };
    const [mask] = pasteMasks(boxMasks, Float32Array.from(box), image);
    expect(differing(rleToMask(mask), rows)).toBeLessThanOrEqual(nearHalf);
  }
  const exactly = { side: 2, probabilities: new Float32Array(4).fill(0.5), threshold: 0.5 };
  const box = Float32Array.of(-8, -8, 64, 48);
  const ones = (pasting?: 'detectron2'): number => {
    const [mask] = pasteMasks({ ...exactly, pasting }, box, image);
    return rleToMask(mask).reduce((sum, bit) => sum + bit, 0);
  };
  expect(ones('detectron2')).toBeGreaterThan(0);
  expect(ones()).toBe(0);
});

test('a box without extent has no mask', () => {
  const boxMasks = {
    side: 2,
    probabilities: new Float32Array(4).fill(1),
    threshold: 0.5,
    pasting: 'detectron2' as const,
  };
  const [mask] = pasteMasks(boxMasks, Float32Array.of(4, 4, 4, 9), image);
  expect(rleToMask(mask).includes(1)).toBe(false);
});

test("targets are detectron2's of bitmaps: whole ones and zeros", () => {
  const mask = rleFromMask(bits(golden.mask), image);
  const matched = new Int32Array(golden.boxes.length);
  const targets = maskTargets([mask], matched, Float32Array.from(golden.boxes.flat()), SIDE, 'detectron2');
  golden.targets.forEach(({ rows, near_half: nearHalf }, i) => {
    const own = targets.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
    expect(differing(own, rows)).toBeLessThanOrEqual(nearHalf);
  });
});
