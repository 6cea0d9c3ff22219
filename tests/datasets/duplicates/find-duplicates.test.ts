import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { CocoDataset } from '../../../datasets/coco/annotations';
import { findDuplicates } from '../../../datasets/duplicates/find-duplicates';
import { sharedFiles } from '../../../datasets/duplicates/shared-files';
import { RandomStream } from '../../../detection/nn/random';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'duplicates-'));
  for (const name of ['train', 'val']) mkdirSync(path.join(folder, name));
  for (const [k, name] of ['a', 'b', 'c', 'd'].entries()) {
    const noise = new RandomStream(k, 'picture');
    const raw = Uint8Array.from({ length: 12 * 9 * 3 }, () => noise.integer(256));
    const picture = sharp(raw, { raw: { width: 12, height: 9, channels: 3 } }).resize(160, 120);
    const file = path.join(folder, 'train', `${name}.png`);
    writeFileSync(file, await picture.png().toBuffer());
  }
  copyFileSync(path.join(folder, 'train/a.png'), path.join(folder, 'val/other name.png'));
  writeFileSync(
    path.join(folder, 'val/b.jpg'),
    await sharp(path.join(folder, 'train/b.png')).resize(100).jpeg().toBuffer(),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function setOf(images: string, ...names: string[]): CocoDataset {
  const listed = names.map((fileName, k) => ({ id: k + 1, fileName, width: 1, height: 1 }));
  return new CocoDataset(`${images}.json`, path.join(folder, images), listed, [], [], []);
}

test('the same files under other names, and the same pictures scaled and compressed', async () => {
  const [train, val] = [setOf('train', 'd.png', 'a.png', 'b.png'), setOf('val', 'b.jpg', 'other name.png')];
  const seen: number[] = [];
  const found = await findDuplicates(train, val, { onProgress: (done, total) => seen.push(done, total) });
  expect(found.map(({ a, b, isSame }) => [a.fileName, b.fileName, isSame])).toEqual([
    ['a.png', 'other name.png', true],
    ['b.png', 'b.jpg', false],
  ]);
  expect(found[0].distance).toBe(0);
  expect(seen).toEqual([1, 5, 2, 5, 3, 5, 4, 5, 5, 5]);
  expect(await findDuplicates(setOf('train', 'c.png', 'd.png'), val)).toEqual([]);
  await expect(findDuplicates(train, setOf('val', 'none.png'))).rejects.toMatchObject({
    code: 'picture-missing',
  });
  await expect(
    findDuplicates(train, val, { signal: AbortSignal.abort(new Error('stopped')) }),
  ).rejects.toThrow('stopped');
});

test('shared files are found by path and by bytes, without decoding; those that are not there are none', async () => {
  const train = setOf('train', 'a.png', 'b.png', 'none.png');
  const shared = async (val: CocoDataset): Promise<string[]> =>
    (await sharedFiles(train, val)).map(({ fileName }) => fileName);
  expect(await shared(setOf('val', 'other name.png', 'b.jpg', 'none.png'))).toEqual(['other name.png']);
  expect(await shared(setOf('val', '../train/b.png', '../train/c.png'))).toEqual(['../train/b.png']);
  expect(await shared(setOf('train', 'none.png', 'd.png'))).toEqual(['none.png']);
  expect(await shared(new CocoDataset('x.json', null, train.images, [], [], []))).toEqual([]);
});
