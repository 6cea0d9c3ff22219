import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { embedPictures } from '../../../tools/browse/embed';
import type { CollectedPicture } from '../../../tools/browse/collect/collect';
import { rejectionOf } from '../../thrown';

async function collected(file: CollectedPicture['file'], width = 60, height = 20): Promise<CollectedPicture> {
  const page = { id: '1', file: 'a', width, height, objects: [], detections: [], problems: [] };
  return Promise.resolve({ page, file });
}
const picture = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: '#a53' } })
    .png()
    .toBuffer();
const sizeOf = async (base64: string) => {
  const { width, height } = await sharp(Buffer.from(base64, 'base64')).metadata();
  return [width, height];
};

test('pictures become no larger than asked for, and never larger than they are', async () => {
  const pictures = [await collected(await picture(60, 20)), await collected(await picture(10, 20))];
  const { thumbnails, pictures: pages } = await embedPictures(pictures, { side: 30 });
  expect(await Promise.all(thumbnails.map(sizeOf))).toEqual([
    [30, 10],
    [10, 20],
  ]);
  expect(pages.map(({ stored }) => stored)).toEqual([undefined, { width: 10, height: 20 }]);
});

test('a picture that cannot be decoded is told of where it should be', async () => {
  const broken = [await collected(Buffer.from('no picture')), await collected(undefined)];
  const { thumbnails, pictures } = await embedPictures(broken);
  expect(thumbnails).toEqual(['', '']);
  expect(pictures).toMatchObject([
    { isMissing: true, problems: [{ kind: 'unreadable picture' }] },
    { isMissing: true },
  ]);
  expect(pictures[1].problems).toEqual([]);
});

test('a page that would be too large is refused early, with what to do', async () => {
  const one = await collected(await picture(60, 20));
  const seen: number[] = [];
  const error = await rejectionOf(
    embedPictures(new Array<CollectedPicture>(1e6).fill(one), { onProgress: (done) => seen.push(done) }),
  );
  expect(error).toMatchObject({ code: 'page-too-large', facts: { pictures: 1e6, side: 256 } });
  expect(String(error)).toMatch(/--serve.*--limit N.*--picture-size N/);
  // The work has ended with it.
  await setTimeout(50);
  expect(seen.length).toBeLessThan(300);
});
