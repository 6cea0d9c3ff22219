import { inFloat16 } from '../../../weights/formats/float16';
import {
  storedFloat32,
  storedInt64,
  toFloat32,
  type StoredTensor,
} from '../../../weights/formats/stored-tensor';

/** Every finite float16 from 0 on, by its bits, as they are read. */
const halves = Array.from(
  toFloat32({
    type: 'F16',
    shape: [0x7c00],
    bytes: new Uint8Array(Uint16Array.from({ length: 0x7c00 }, (_, k) => k).buffer),
  }),
);

function roundTrip(values: readonly number[]): number[] {
  const rounded = inFloat16(
    new Map([['w', storedFloat32([values.length, 1], Float32Array.from(values))]]),
  ).get('w')!;
  expect(rounded.type).toBe('F16');
  return Array.from(toFloat32(rounded));
}

describe('inFloat16', () => {
  it('keeps every float16, of both signs', () => {
    expect(roundTrip(halves)).toEqual(halves);
    expect(roundTrip(halves.map((value) => -value))).toEqual(halves.map((value) => -value));
  });

  it('rounds to the nearest, ties to even, subnormal numbers and carries included', () => {
    const pairs = halves.slice(0, -1).map((value, k) => [value, halves[k + 1]]);
    // float32 has the middle of two float16 exactly, and the numbers next to it.
    const middles = pairs.map(([below, above]) => (below + above) / 2);
    expect(roundTrip(middles)).toEqual(pairs.map(([below, above], k) => (k % 2 === 0 ? below : above)));
    expect(roundTrip(middles.map((value) => value * (1 - 2 ** -23)))).toEqual(pairs.map(([below]) => below));
    expect(roundTrip(middles.map((value) => value * (1 + 2 ** -23)))).toEqual(
      pairs.map(([, above]) => above),
    );
  });

  it('leaves vectors, other types and what float16 cannot hold', () => {
    const kept: [string, StoredTensor][] = [
      ['bias', storedFloat32([3], Float32Array.of(0.1, 0.2, 0.3))],
      ['counter', storedInt64([1, 1], [3])],
      ['large', storedFloat32([1, 2], Float32Array.of(1, 65505))],
      ['tiny', storedFloat32([1, 2], Float32Array.of(0, 1e-6))],
      ['zero', storedFloat32([1, 1], Float32Array.of(0))],
    ];
    expect([...inFloat16(new Map(kept))]).toEqual(kept);
  });
});
