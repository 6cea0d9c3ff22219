import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { jsonParts } from '../../../datasets/coco/json/json-parts';
import { readCocoFile } from '../../../datasets/coco/read-coco-file';
import { rejectionOf } from '../../thrown';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'coco-file-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const contents: CocoFile = {
  info: { year: 2026, 'a key': null },
  frames: ['a', { b: [1.5, 'é\n'] }],
  images: [{ id: 5, file_name: 'käfer "1".jpg', width: 40, height: 30, taken: '2026-01-01', gps: [1, 2.25] }],
  annotations: [
    {
      id: 0,
      image_id: 5,
      category_id: 3,
      bbox: [0.1, 2, 3e-7, 4],
      segmentation: [[1, 2, 3, 4, 5, 6]],
      keypoints: [1, 2, 2],
    },
    { id: 9007199254740991, image_id: 5, category_id: 3, bbox: [1, 2, 3, 4], attributes: { occluded: true } },
  ],
  categories: [{ id: 3, name: '', supercategory: 'x', skeleton: [[1, 2]] }],
};

function write(content: string | Uint8Array): string {
  const file = path.join(folder, 'set.json');
  writeFileSync(file, content);
  return file;
}

test('a file that is read and written again says the same, in the same order', async () => {
  const file = await readCocoFile(write(JSON.stringify(contents)));
  expect(JSON.stringify(file)).toBe(JSON.stringify(contents));
  const again = Buffer.concat([...jsonParts(file)]);
  expect(JSON.stringify(await readCocoFile(write(again)))).toBe(JSON.stringify(contents));
});

test('it is checked as any data set is', async () => {
  const wrong = { ...contents, annotations: [{ ...contents.annotations[0], image_id: 6 }] };
  expect(await rejectionOf(readCocoFile(write(JSON.stringify(wrong))))).toMatchObject({
    code: 'annotations-invalid',
    message: expect.stringMatching(/annotations\[0\]\.image_id .*: there is no image 6/) as string,
  });
});

test('a number that would lose digits when it is written again is refused', async () => {
  const text = JSON.stringify(contents).replace('"2026-01-01"', '12345678901234567890');
  expect(await rejectionOf(readCocoFile(write(text)))).toMatchObject({
    code: 'annotations-invalid',
    message: expect.stringMatching(
      /images\[0\]\.taken: 12345678901234567000 is .* put it in quotes/,
    ) as string,
  });
});
