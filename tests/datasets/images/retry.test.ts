import files, { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import timers from 'node:timers/promises';
import sharp from 'sharp';
import { decodeImage, ImageError } from '../../../datasets/images/decode';
import { decodeImageWithRetries } from '../../../datasets/images/retry';
import { rejectionOf } from '../../thrown';

const size = { width: 3, height: 2 };
let folder: string;
let good: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'retry-'));
  good = path.join(folder, 'good.png');
  await sharp({ create: { ...size, channels: 3, background: 'red' } }).toFile(good);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => jest.restoreAllMocks());

/** What happens while an attempt is waited for, instead of time going by. Returns the waits. */
function meanwhile(happens: (wait: number) => Promise<void>): number[] {
  const waits: number[] = [];
  jest.spyOn(timers, 'setTimeout').mockImplementation(async (delay = 0) => {
    waits.push(delay);
    await happens(waits.length);
  });
  return waits;
}

test('a picture that can be read at the third attempt is read', async () => {
  const late = path.join(folder, 'late.png');
  const waits = meanwhile(async (wait) => {
    if (wait === 2) await copyFile(good, late);
  });
  expect(await decodeImageWithRetries(late, { expectedSize: size })).toEqual(await decodeImage(good));
  expect(waits).toEqual([200, 800]);
});

test('one that never can be is refused after three attempts, one of the wrong size at once', async () => {
  const waits = meanwhile(() => Promise.resolve());
  const none = path.join(folder, 'none.png');
  const error = await rejectionOf(decodeImageWithRetries(none));
  expect(error).toBeInstanceOf(ImageError);
  expect(error).toMatchObject({ code: 'picture-missing', file: none });
  expect(waits).toHaveLength(2);
  await expect(decodeImageWithRetries(good, { expectedSize: { width: 2, height: 2 } })).rejects.toMatchObject(
    {
      code: 'picture-size',
      facts: { stored: { width: 3, height: 2 }, expected: { width: 2, height: 2 } },
    },
  );
  expect(waits).toHaveLength(2);
});

test('bytes are decoded once: they do not change', async () => {
  const waits = meanwhile(() => Promise.resolve());
  await expect(decodeImageWithRetries(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
    code: 'picture-unknown-type',
  });
  expect(waits).toEqual([]);
});

test('one that is read once fewer files are open is read', async () => {
  jest.spyOn(files, 'readFile').mockRejectedValueOnce(new Error('EMFILE: too many open files'));
  expect(meanwhile(() => Promise.resolve())).toEqual([]);
  expect(await decodeImageWithRetries(good, { expectedSize: size })).toEqual(await decodeImage(good));
});
