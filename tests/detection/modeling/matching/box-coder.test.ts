import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { describeShared, sharedPath } from '../../../shared';
import { randomBoxes } from '../../random-boxes';

interface Golden {
  readonly box_coder: Readonly<
    Record<
      'proposals' | 'gt' | 'encode_10_10_5_5' | 'encode_1' | 'deltas' | 'decode_10_10_5_5' | 'decode_1',
      number[][]
    >
  >;
}

describe('box coder', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.constantFrom([1, 1, 1, 1], [10, 10, 5, 5]), (seed, [a, b, c, d]) => {
        const coder = new BoxCoder([a, b, c, d]);
        const gt = randomBoxes(10, seed);
        const proposals = randomBoxes(10, seed + 1);
        const decoded = coder.decode(coder.encode(gt, proposals), proposals);
        decoded.forEach((value, i) => expect(Math.abs(value - gt[i])).toBeLessThan(1e-4));
      }),
    );
  });

  it('decodes one class of one region where it lies', () => {
    const coder = new BoxCoder([10, 10, 5, 5]);
    const proposals = randomBoxes(3, 1);
    const deltas = Float32Array.from({ length: 3 * 5 * 4 }, (_, i) => Math.sin(i));
    const result = new Float32Array(8);
    coder.decodeInto(result, 1, deltas, 2 * 5 + 3, proposals, 2);
    const alone = coder.decode(deltas.slice(13 * 4, 14 * 4), proposals.slice(8, 12));
    expect([...result]).toEqual([0, 0, 0, 0, ...alone]);
  });

  it('keeps growth finite', () => {
    const box = Float32Array.of(0, 0, 10, 10);
    const [x1, , x2] = new BoxCoder([1, 1, 1, 1]).decode(Float32Array.of(0, 0, Infinity, 1e30), box);
    expect(x2 - x1).toBeCloseTo(625, 2);
  });

  it('takes none', () => {
    const none = new Float32Array(0);
    const coder = new BoxCoder([1, 1, 1, 1]);
    expect(coder.encode(none, none)).toHaveLength(0);
    expect(coder.decode(none, none)).toHaveLength(0);
  });
});

describeShared('box coder, golden', () => {
  it("is torchvision's", () => {
    const golden = (JSON.parse(readFileSync(sharedPath('golden/golden_components.json'), 'utf8')) as Golden)
      .box_coder;
    const flat = (rows: number[][]): Float32Array => Float32Array.from(rows.flat());
    const one = new BoxCoder([1, 1, 1, 1]);
    const weighted = new BoxCoder([10, 10, 5, 5]);
    const [gt, proposals, deltas] = [flat(golden.gt), flat(golden.proposals), flat(golden.deltas)];
    const results: [Float32Array, number[][]][] = [
      [one.encode(gt, proposals), golden.encode_1],
      [weighted.encode(gt, proposals), golden.encode_10_10_5_5],
      [one.decode(deltas, proposals), golden.decode_1],
      [weighted.decode(deltas, proposals), golden.decode_10_10_5_5],
    ];
    for (const [result, expected] of results) {
      // The file has seven decimals.
      expect([...result].map((value) => Number(value.toFixed(7)))).toEqual(expected.flat());
    }
  });
});
