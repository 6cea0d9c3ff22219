import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { parseRle } from '../../datasets/coco/masks/rle';
import { segmentationToRle } from '../../datasets/coco/masks/segmentation';
import { checkDetections } from '../../datasets/evaluation/detections';
import { decodeImage, ImageError } from '../../datasets/images/decode';
import { PicturesGoneError } from '../../datasets/loader/broken-pictures';
import { applyAugmentation } from '../../datasets/loader/apply-augmentation';
import { BatchMemoryError } from '../../datasets/loader/pixel-buffers';
import { WorkerDeathError } from '../../datasets/loader/worker-death';
import { synthesize } from '../../datasets/synthesis/synthesize';
import { AugmentationError, type AugmentationFault } from '../../datasets/transforms/augmentation';
import { rejectionOf, thrownBy } from '../thrown';
import { dataset } from './evaluation/small-sets';

/** The words of this room's errors are tested here, and nowhere else. `FILE` is the file's name. */
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'messages-'));
  file = join(folder, 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

function words(error: unknown): string {
  return (error as Error).message.replaceAll(file, 'FILE');
}

const NO_JSON = 'this is not JSON:';

test.each<[string | Uint8Array, string]>([
  ['', 'FILE: the file is empty; JSON is expected.'],
  ['{"a": 1', `FILE, line 1, column 8: ${NO_JSON} it is truncated here (at a).`],
  ['{"a": [1, 2,]}', `FILE, line 1, column 13: ${NO_JSON} a value expected, not "]}" (at a[2]).`],
  ['{"a": [1 2]}', `FILE, line 1, column 10: ${NO_JSON} "," or "]" expected, not "2]}" (at a[0]).`],
  ["{'a': 1}", `FILE, line 1, column 2: ${NO_JSON} a key in double quotes expected, not "'a': 1}".`],
  ['{"a" 1}', `FILE, line 1, column 6: ${NO_JSON} ":" expected, not "1}" (at a).`],
  ['{} {}', `FILE, line 1, column 4: ${NO_JSON} the end expected, not "{}".`],
  ['[NaN]', `FILE, line 1, column 2: ${NO_JSON} NaN is not a number in JSON (at [0]).`],
  [
    '["ab',
    `FILE, line 1, column 2: ${NO_JSON} the text that begins here is unfinished or holds a wrong character (at [0]).`,
  ],
  [Uint8Array.of(0xff), `FILE, line 1, column 1: ${NO_JSON} what begins here is not text in UTF-8.`],
  [
    Buffer.from('{"images": ["ü').subarray(0, -1),
    `FILE, line 1, column 14: ${NO_JSON} it ends here, in the middle of a character.`,
  ],
])('no JSON: %j', async (content, expected) => {
  writeFileSync(file, content);
  expect(words(await rejectionOf(readCocoDataset(file, null)))).toBe(expected);
});

test('no file of JSON', async () => {
  rmSync(file, { force: true });
  expect(words(await rejectionOf(readCocoDataset(file, null)))).toBe('FILE: there is no such file.');
  expect(await rejectionOf(readCocoDataset(folder, null))).toMatchObject({
    message: `${folder}: this is a folder; a JSON file is expected.`,
  });
});

type Entry = Readonly<Record<string, unknown>>;

function instances(change: { image?: Entry; category?: Entry; annotation?: Entry; root?: Entry }): object {
  return {
    images: [{ id: 7, file_name: 'a.jpg', width: 100, height: 80, ...change.image }],
    categories: [{ id: 2, name: 'bicycle', ...change.category }],
    annotations: [{ id: 11, image_id: 7, category_id: 2, bbox: [1, 2, 3, 4], ...change.annotation }],
    ...change.root,
  };
}

const box = (bbox: unknown): object => instances({ annotation: { bbox } });
const IMAGE = 'FILE: images[0]';
const BOX = 'FILE: annotations[0].bbox (image 7, annotation 11): the box';

test.each<[object, string]>([
  [
    [],
    'FILE: the file: this is a list (of detections?); an object with "images", "annotations" and "categories" is expected.',
  ],
  [instances({ root: { annotations: undefined } }), 'FILE: annotations: the list is missing.'],
  [instances({ root: { annotations: {} } }), 'FILE: annotations: this is {}, not a list.'],
  [instances({ root: { images: [] } }), 'FILE: images: the list is empty.'],
  [instances({ root: { images: [3], annotations: [] } }), `${IMAGE}: this is 3, not an object.`],
  [instances({ image: { id: undefined }, root: { annotations: [] } }), `${IMAGE}.id: the id is missing.`],
  [
    instances({ image: { id: '7' }, root: { annotations: [] } }),
    `${IMAGE}.id: the id is "7", not a whole number.`,
  ],
  [
    instances({ image: { id: 2 ** 53 }, root: { annotations: [] } }),
    `${IMAGE}.id: the id is beyond 2^53 - 1, where ids cannot be told apart.`,
  ],
  [instances({ image: { width: undefined } }), `${IMAGE}.width (image 7): it is missing.`],
  [instances({ image: { height: 0 } }), `${IMAGE}.height (image 7): it is 0, not a whole number from 1 up.`],
  [instances({ image: { file_name: '' } }), `${IMAGE}.file_name (image 7): it is "", not a file name.`],
  [
    instances({ image: { file_name: '../a.jpg' } }),
    `${IMAGE}.file_name (image 7): "../a.jpg" leads out of the folder of the images.`,
  ],
  [instances({ category: { name: 3 } }), 'FILE: categories[0].name: it is 3, not text.'],
  [
    instances({ annotation: { image_id: 8 } }),
    'FILE: annotations[0].image_id (image 8, annotation 11): there is no image 8.',
  ],
  [
    instances({ annotation: { category_id: 1 } }),
    'FILE: annotations[0].category_id (image 7, annotation 11): there is no category 1.',
  ],
  [box(undefined), `${BOX} is missing.`],
  [box([1, 2, 3]), `${BOX} is [1,2,3], not four numbers [x, y, width, height].`],
  [box([9, 9, -3, 4]), `${BOX} [9,9,-3,4] has a negative width or height.`],
  [box([1e308, 9, 1e308, 4]), `${BOX} [1e+308,9,1e+308,4] is too large to compute with.`],
  [box([100, 9, 3, 4]), `${BOX} [100,9,3,4] is wholly outside the image of 100 x 80.`],
  [
    instances({ annotation: { area: -1 } }),
    'FILE: annotations[0].area (image 7, annotation 11): it is -1, not a number from 0 up.',
  ],
  [
    instances({ annotation: { iscrowd: 2 } }),
    'FILE: annotations[0].iscrowd (image 7, annotation 11): it is 2, neither 0 nor 1.',
  ],
  [
    instances({ root: { annotations: Array.from({ length: 2 }, () => ({ ...{ id: 1, image_id: 7 } })) } }),
    'FILE: 5 problems:\n' +
      '  annotations[0].category_id (image 7, annotation 1): the id is missing\n' +
      '  annotations[1].category_id (image 7, annotation 1): the id is missing\n' +
      '  annotations[0].bbox (image 7, annotation 1): the box is missing\n' +
      '  annotations[1].bbox (image 7, annotation 1): the box is missing\n' +
      '  annotations[1].id (image 7, annotation 1): id 1 occurs more than once',
  ],
])('annotations %j', async (content, expected) => {
  writeFileSync(file, JSON.stringify(content));
  expect(words(await rejectionOf(readCocoDataset(file, 'images')))).toBe(expected);
});

test('numbers that JSON makes infinite, what is nested too deep, and what is too much to be listed', async () => {
  const refused = async (bbox: string): Promise<string> => {
    writeFileSync(file, JSON.stringify(box('BOX')).replace('"BOX"', bbox));
    return words(await rejectionOf(readCocoDataset(file, null)));
  };
  expect(await refused('[1, 2, 1e999, 4]')).toBe(`${BOX} [1, 2, Infinity, 4] is not finite.`);
  expect(await refused('['.repeat(2e5) + ']'.repeat(2e5))).toBe(
    `${BOX} is something nested too deep to show, not four numbers [x, y, width, height].`,
  );
  const annotations = Array.from({ length: 30 }, (_, id) => ({
    id,
    image_id: 9,
    category_id: 2,
    bbox: [1, 2, 3, 4],
  }));
  writeFileSync(file, JSON.stringify(instances({ root: { annotations } })));
  const lines = words(await rejectionOf(readCocoDataset(file, null))).split('\n');
  expect(lines).toHaveLength(22);
  expect(lines[0]).toBe('FILE: 30 problems:');
  expect(lines.at(-1)).toBe('  ... and 10 more of the kind "unknown image"');
});

const known = { image_id: 7, category_id: 1, score: 1, bbox: [1, 2, 3, 4] };

test.each<[unknown, string]>([
  [{}, 'dt.json: the file: this is an object; a list of detections is expected.'],
  [[3], 'dt.json: [0]: this is 3, not an object.'],
  [[{ ...known, image_id: 4 }], 'dt.json: [0].image_id: truth.json has no image 4.'],
  [[{ ...known, category_id: [] }], 'dt.json: [0].category_id: the id is [], not a whole number.'],
  [[{ ...known, image_id: '7' }], 'dt.json: [0].image_id: truth.json has no image "7", as text.'],
  [[{ ...known, score: undefined }], 'dt.json: [0].score: it is missing.'],
  [[{ ...known, score: '0.5' }], 'dt.json: [0].score: it is "0.5", not a finite number.'],
  [
    [{ ...known, bbox: [1, 2, 3] }],
    'dt.json: [0].bbox: the box is [1,2,3], not four numbers [x, y, width, height].',
  ],
  [[{ ...known, bbox: undefined }], 'dt.json: [0]: there is neither "bbox" nor "segmentation".'],
])('detections %j', (detections, expected) => {
  expect(words(thrownBy(() => checkDetections(detections, dataset([]), 'dt.json')))).toBe(expected);
});

test.each<[unknown, string]>([
  [{ counts: '04' }, 'The size of the run-length mask is not [height, width].'],
  [{ size: [2, 2] }, 'The counts of the run-length mask are neither a string nor a list of numbers.'],
  [{ size: [2, 2], counts: [1, 2] }, 'The runs of the mask add up to 3 pixels; 2 x 2 has 4.'],
  [{ size: [2, 2], counts: [5, -1] }, 'Run 1 of the run-length mask is not a whole number from 0 up.'],
  [{ size: [2, 2], counts: '1P' }, 'The counts of the run-length mask have an unfinished end.'],
  [
    { size: [2, 2], counts: '1 3' },
    'The counts of the run-length mask have an unexpected character at place 1.',
  ],
])('run lengths %j', (segmentation, expected) => {
  expect(words(thrownBy(() => parseRle(segmentation as object)))).toBe(expected);
});

test.each<[unknown, string]>([
  [[], 'The segmentation has no polygon.'],
  [3, 'The segmentation is neither a list of polygons nor run lengths.'],
  [[0, 0, 1, 1, 2, 2], 'This is 0; a polygon [x1, y1, x2, y2, ...] is expected in a list of polygons.'],
  [[[0, 0, 1, 1]], 'The polygon has 2 corners: 3 are the fewest.'],
  [[[0, 0, 1, 1, 2, 2, 3]], 'The polygon has 7 numbers: x, y pairs are expected.'],
  [[[0, 0, 1, 1, 2, 'x']], 'Value 5 of the polygon is "x", not a number.'],
  [[[0, 0, 5e8, 0, 5e8, 5e8]], 'The outline reaches to 500000000, far outside of the image.'],
])('segmentation %j', (segmentation, expected) => {
  expect(words(thrownBy(() => segmentationToRle(segmentation, { height: 9, width: 9 })))).toBe(expected);
});

test('pictures', async () => {
  const refusal = async (content: string): Promise<string> => {
    writeFileSync(file, content);
    return words(await rejectionOf(decodeImage(file)));
  };
  expect(await refusal('')).toBe('FILE: the file is empty');
  expect(await refusal('no picture')).toBe(
    'FILE: this is not a picture of a supported type (JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PBM, PGM, PPM), or it is truncated',
  );
  expect(await refusal('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')).toBe(
    'FILE: pictures of type svg are not supported',
  );
  // A GIF of two pixels in a row.
  const gif = Buffer.from('R0lGODlhAgABAIAAAP///wAAACwAAAAAAgABAAACAgQKADs=', 'base64');
  const wrong = async (width: number, height: number): Promise<string> =>
    words(await rejectionOf(decodeImage(gif, { expectedSize: { width, height } })));
  expect(await wrong(3, 1)).toBe(
    'a picture in memory: the picture has 2x1 pixels, but the annotations say 3x1',
  );
  const turned = await sharp(gif).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const options = { expectedSize: { width: 1, height: 2 } };
  expect(words(await rejectionOf(decodeImage(turned, options)))).toBe(
    'a picture in memory: the picture is stored as 2x1 pixels, but the annotations say 1x2, as it is shown ' +
      '(its EXIF orientation is 6)',
  );
  expect(words(await rejectionOf(decodeImage(new Uint8Array())))).toBe('a picture in memory: it is empty');
  rmSync(file);
  expect(words(await rejectionOf(decodeImage(file)))).toBe('FILE: there is no such file');
  expect(words(await rejectionOf(decodeImage('/dev/zero')))).toBe(
    '/dev/zero: this is a pipe or a device, not a picture',
  );
});

test('loading', () => {
  const last = new ImageError('a\n.png', 'the file is empty', 'empty');
  expect(new PicturesGoneError(last, 10).message).toBe(
    '10 pictures in a row cannot be used, the last: a\\n.png: the file is empty. Check whether their ' +
      'folder can still be read',
  );
  expect(new BatchMemoryError(1e15).message).toBe(
    'not enough memory: the pixels of a batch need 1000000000 MB',
  );
  const picture = { imageId: 1, file: 'a.png', size: { height: 1, width: 1 } };
  const pictures = [{ ...picture, resized: picture.size, flip: false }];
  expect(new WorkerDeathError({ cause: 1, pictures }, 3).message).toBe(
    '3 worker threads have died in a row at the same batch, the last: exit status 1, at ' +
      'image 1 (a.png). Check these pictures and the free memory',
  );
  const cause = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  expect(new WorkerDeathError({ cause, pictures: [] }, 3).message).toBe(
    '3 worker threads have died in a row at the same batch, the last: EMFILE: too many open ' +
      'files. Too many files are open; raise the limit (ulimit -n)',
  );
});

test.each<[AugmentationFault['kind'], string, string]>([
  ['module', 'there is no such file', 'm.mjs: there is no such file'],
  ['thrown', 'threw at image 1 (a.png): no', 'm.mjs: threw at image 1 (a.png): no'],
])('an augmentation of one’s own: %s', (kind, reason, expected) => {
  expect(new AugmentationError({ kind, module: 'm.mjs', reason }).message).toBe(expected);
});

test.each<[string, string]>([
  ['', 'its default export is an Object; a function (pixels, { imageId, size, random }) is expected'],
  [
    'module.exports = () => "red";',
    'returned a string at image 1 (a.png); a Uint8Array or nothing is expected',
  ],
  [
    'module.exports = (pixels) => pixels.subarray(1);',
    'returned 2 bytes at image 1 (a.png), which has 3: R, G, B of 1x1 pixels',
  ],
  ['module.exports = () => { throw new Error("no\\nmore"); };', 'threw at image 1 (a.png): no'],
  ['module.exports = ', 'cannot be loaded: '],
])('an augmentation of one’s own: %j', async (source, expected) => {
  const module = `${file}${source.length}.cjs`;
  writeFileSync(module, source);
  const size = { height: 1, width: 1 };
  const picture = { imageId: 1, file: 'a.png', size, resized: size, flip: false };
  const augmentation = { module, seed: 0, stream: '' };
  const applied = applyAugmentation({ size, pixels: new Uint8Array(3) }, { ...picture, augmentation });
  const { message } = (await rejectionOf(applied)) as Error;
  expect(message.startsWith(`${module}: ${expected}`)).toBe(true);
});

test('scenes', async () => {
  writeFileSync(file, '');
  expect(words(await rejectionOf(synthesize({ output: file })))).toBe(
    'FILE is a file; the scenes need a folder. Choose another place for them.',
  );
  expect(words(await rejectionOf(synthesize({ output: folder })))).toBe(
    `${folder} is not empty and does not hold the scenes that these settings give. Delete it or choose another folder.`,
  );
  expect(words(await rejectionOf(synthesize({ output: folder, seed: -1 })))).toBe(
    'The seed is -1; scenes need a whole number from 0 to 2147483647.',
  );
});
