import { createHash } from 'node:crypto';
import { changeColors, drawPhotometricDistortion } from '../../../datasets/transforms/photometric';
import type { ColorChange } from '../../../datasets/transforms/photometric';
import { RandomStream } from '../../../detection/nn/random';

const picture = Uint8Array.from({ length: 64 * 80 * 3 }, (_, i) => (i * i * 31 + (i >> 7) * 17) % 256);
const channels = (...order: number[]): ColorChange => ({ kind: 'channels', order: Int32Array.from(order) });

/** Changes, the first four pixels and the SHA-256 of all bytes after torchvision's adjust_* of the uint8 tensor. */
const golden: [ColorChange[], number[], string][] = [
  [
    [{ kind: 'brightness', amount: 0.9 }],
    [0, 27, 111, 20, 216, 6, 82, 215, 172, 186, 25, 150],
    '0fed08edde857426b553adcee3321571d511f5d4fcb09e630c4e50b5d0b9394c',
  ],
  [
    [{ kind: 'brightness', amount: 1.12 }],
    [0, 34, 138, 25, 255, 7, 103, 255, 215, 231, 31, 187],
    '88d7976569b93b89c7b0d7f56741b351e3942488247faaf0c802955bff18d4d7',
  ],
  [
    [{ kind: 'contrast', amount: 0.55 }],
    [57, 74, 125, 70, 189, 61, 108, 189, 163, 171, 72, 149],
    '7f55c8311770d61222831f2be83419489a598c48f92c7f7a813b19bde808fe5e',
  ],
  [
    [{ kind: 'contrast', amount: 1.45 }],
    [0, 0, 122, 0, 255, 0, 75, 255, 220, 242, 0, 184],
    'b358bb5d75a6b6ada65283762f939f125ef45d98eff2700902f5ecf4cf3fb081',
  ],
  [
    [{ kind: 'saturation', amount: 0.7 }],
    [9, 31, 96, 60, 212, 49, 121, 224, 191, 174, 48, 146],
    'e330e86c818b00108d47ad2ee5e73eb447d09d1c1eea9290034ecdce53aff23e',
  ],
  [
    [{ kind: 'saturation', amount: 1.4 }],
    [0, 30, 160, 0, 255, 0, 53, 255, 193, 250, 0, 195],
    'a905c466eb58ded6dae223ee3162e346ba851b3118dad1111bde4ef8c9af2836',
  ],
  [
    [{ kind: 'hue', amount: 0.04 }],
    [0, 1, 124, 6, 240, 46, 91, 239, 227, 207, 28, 124],
    '512a67ef8081bbf69a7eb190819d811038504889c02e44165602d2bbc3cb8740',
  ],
  [
    [{ kind: 'hue', amount: -0.05 }],
    [0, 68, 124, 92, 240, 6, 91, 239, 147, 193, 28, 207],
    'b7417531d6a2a1f4f193f1b9f8106957d7d72d63a18a6c717433d0be5fcf59d9',
  ],
  [
    [channels(2, 0, 1)],
    [124, 0, 31, 7, 23, 240, 192, 92, 239, 167, 207, 28],
    'df063a77426c5250cd990ec086b0975a5b1e509630bd8f25e0acfbbff54835bb',
  ],
  [
    [
      { kind: 'brightness', amount: 1.1 },
      { kind: 'contrast', amount: 1.3 },
      { kind: 'saturation', amount: 0.6 },
      { kind: 'hue', amount: -0.03 },
      channels(1, 2, 0),
    ],
    [21, 87, 5, 212, 59, 86, 233, 202, 134, 37, 183, 190],
    '1c5db8cd8f0a3aed8726eac113d0b050024d8e63d1add851f326dbac9481ffd9',
  ],
  [
    [
      { kind: 'saturation', amount: 1.5 },
      { kind: 'hue', amount: 0.05 },
      { kind: 'contrast', amount: 0.5 },
    ],
    [73, 63, 148, 63, 190, 101, 84, 189, 190, 190, 63, 125],
    '45a6c9a9c8c09bad94e29b12f440544c63b4f07cb6dd78fa6e7005f48d060018',
  ],
];

test.each(golden)('%j: the bytes of torchvision', (changes, first, hash) => {
  const changed = picture.slice();
  changeColors(changed, changes);
  expect([...changed.subarray(0, 12)]).toEqual(first);
  expect(createHash('sha256').update(changed).digest('hex')).toBe(hash);
});

test('turning the hue of every color there is gives the bytes of torchvision', () => {
  const all = new Uint8Array(3 * 2 ** 24);
  for (let color = 0, i = 0; i < all.length; color++) {
    all[i++] = color >> 16;
    all[i++] = color >> 8;
    all[i++] = color;
  }
  changeColors(all, [{ kind: 'hue', amount: 0.037 }]);
  expect(createHash('sha256').update(all).digest('hex')).toBe(
    '90e307ddbbe9b259c4ede80408470e61059d8160f53af37e88e91efb62a823c8',
  );
});

describe('drawPhotometricDistortion', () => {
  const draws = Array.from({ length: 3000 }, (_, i) =>
    drawPhotometricDistortion(new RandomStream(1, `draw/${i}`), 0.5),
  );
  /** 3000 fair draws lie within 4 standard deviations of a half. */
  const expectHalf = (count: number, of: number): void =>
    expect(Math.abs(count - of / 2)).toBeLessThan(4 * Math.sqrt(of / 4));

  test('each change comes in half of all cases, drawn evenly from its range', () => {
    for (const [kind, low, high] of [
      ['brightness', 0.875, 1.125],
      ['contrast', 0.5, 1.5],
      ['saturation', 0.5, 1.5],
      ['hue', -0.05, 0.05],
    ] as const) {
      const amounts = draws.flat().flatMap((change) => (change.kind === kind ? [change.amount] : []));
      expectHalf(amounts.length, draws.length);
      expectHalf(amounts.filter((amount) => amount < (low + high) / 2).length, amounts.length);
      expect(Math.min(...amounts)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...amounts)).toBeLessThan(high);
    }
    const orders = draws
      .flat()
      .flatMap((change) => (change.kind === 'channels' ? [String(change.order)] : []));
    expectHalf(orders.length, draws.length);
    expect(new Set(orders).size).toBe(6);
  });

  test('contrast comes second or, as often, after saturation and hue', () => {
    const kinds = draws.map((changes) => changes.map(({ kind }) => kind));
    for (const list of kinds) {
      const others = list.filter((kind) => kind !== 'contrast');
      expect(others).toEqual(
        (['brightness', 'saturation', 'hue', 'channels'] as const).filter((kind) => list.includes(kind)),
      );
    }
    const both = kinds.filter((list) => list.includes('contrast') && list.includes('hue'));
    expectHalf(both.filter((list) => list.indexOf('contrast') < list.indexOf('hue')).length, both.length);
  });

  test('probability 0 changes nothing, probability 1 everything', () => {
    expect(drawPhotometricDistortion(new RandomStream(1, 'none'), 0)).toEqual([]);
    const kinds = drawPhotometricDistortion(new RandomStream(1, 'all'), 1).map(({ kind }) => kind);
    expect([...kinds].sort()).toEqual(['brightness', 'channels', 'contrast', 'hue', 'saturation']);
  });
});
