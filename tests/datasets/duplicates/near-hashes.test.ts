import sharp from 'sharp';
import { differenceHash, hashDistance } from '../../../datasets/duplicates/difference-hash';
import { nearHashes } from '../../../datasets/duplicates/near-hashes';
import { decodeImage } from '../../../datasets/images/decode';
import { RandomStream } from '../../../detection/nn/random';

const random = new RandomStream(4, 'hashes');

function anyHash(): string {
  return Array.from({ length: 32 }, () => random.integer(16).toString(16)).join('');
}

function withFlippedBits(hash: string, count: number): string {
  const digits = [...hash].map((digit) => parseInt(digit, 16));
  for (const bit of random.sample(
    Int32Array.from({ length: 128 }, (_, i) => i),
    count,
  )) {
    digits[bit >> 2] ^= 1 << (bit & 3);
  }
  return digits.map((digit) => digit.toString(16)).join('');
}

test('finds all pairs that are near, and no others', () => {
  const a = Array.from({ length: 60 }, anyHash);
  const b = a.map((hash, i) => withFlippedBits(hash, i % 12));
  b.push(...b.slice(0, 5));
  const near = nearHashes(a, b, 6);
  const all = a.flatMap((hash, i) =>
    b.flatMap((other, j) => {
      const distance = hashDistance(hash, other);
      return distance <= 6 ? [{ a: i, b: j, distance }] : [];
    }),
  );
  expect(near).toEqual(all);
  expect(near.length).toBeGreaterThan(30);
  expect(nearHashes(a, [], 6)).toEqual([]);
  expect(nearHashes(['0'.repeat(32)], ['0'.repeat(32)], 0)).toEqual([{ a: 0, b: 0, distance: 0 }]);
});

test('a hash is of brightness from cell to cell, to the right and below', () => {
  const gray = (at: (x: number, y: number) => number) => {
    const size = { width: 18, height: 27 };
    const pixels = new Uint8Array(size.width * size.height * 3);
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) pixels.fill(at(x, y), 3 * (y * 18 + x), 3 * (y * 18 + x) + 3);
    }
    return differenceHash({ pixels, size });
  };
  expect(gray(() => 90)).toBe('0'.repeat(32));
  expect(gray((x) => 10 * x)).toBe('f'.repeat(16) + '0'.repeat(16));
  expect(gray((_, y) => 200 - 5 * y)).toBe('0'.repeat(32));
  expect(gray((_, y) => 5 * y)).toBe('0'.repeat(16) + 'f'.repeat(16));
  // Only the third column of cells is brighter than the one before it.
  expect(gray((x) => (x < 4 ? 10 : 20))).toBe('40'.repeat(8) + '0'.repeat(16));
  // A picture smaller than the grid has one too.
  expect(differenceHash({ pixels: Uint8Array.of(1, 2, 3), size: { width: 1, height: 1 } })).toBe(
    '0'.repeat(32),
  );
});

test('scaled and compressed again a picture keeps it; another has another', async () => {
  // A blurred noise, as photographs are smooth.
  const picture = async (seed: number): Promise<Buffer> => {
    const noise = new RandomStream(seed, 'picture');
    const raw = Uint8Array.from({ length: 12 * 9 * 3 }, () => noise.integer(256));
    return sharp(raw, { raw: { width: 12, height: 9, channels: 3 } })
      .resize(240, 180)
      .png()
      .toBuffer();
  };
  const hashOf = async (bytes: Buffer): Promise<string> => differenceHash(await decodeImage(bytes));
  const [one, other] = [await picture(1), await picture(2)];
  const hash = await hashOf(one);
  expect(
    hashDistance(hash, await hashOf(await sharp(one).jpeg({ quality: 60 }).toBuffer())),
  ).toBeLessThanOrEqual(6);
  expect(
    hashDistance(hash, await hashOf(await sharp(one).resize(150).webp().toBuffer())),
  ).toBeLessThanOrEqual(6);
  expect(hashDistance(hash, await hashOf(other))).toBeGreaterThan(30);
});
