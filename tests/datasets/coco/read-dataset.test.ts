import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnnotationError, type CocoDataset } from '../../../datasets/coco/annotations';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { JsonFileError } from '../../../datasets/coco/json/json-file';
import { gtTargets } from '../../../datasets/coco/targets';
import { InputError } from '../../../detection/errors';
import { describeShared, sharedPath } from '../../shared';
import { rejectionOf } from '../../thrown';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'annotations-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(content: string | Uint8Array): string {
  const file = join(folder, 'instances.json');
  writeFileSync(file, content);
  return file;
}

type Entry = Record<string, unknown>;

/** A good file; each part can be replaced. */
function parts(change: { image?: Entry; category?: Entry; annotation?: Entry; root?: Entry } = {}): object {
  return {
    images: [
      { id: 7, file_name: 'b.jpg', width: 100, height: 80 },
      { id: 3, file_name: 'a.jpg', width: 50, height: 40, ...change.image },
    ],
    categories: [
      { id: 90, name: 'toothbrush' },
      { id: 2, name: 'bicycle', ...change.category },
    ],
    annotations: [
      { id: 11, image_id: 7, category_id: 90, bbox: [10, 20, 30, 40], area: 600, iscrowd: 0 },
      {
        id: 12,
        image_id: 7,
        category_id: 2,
        bbox: [1.5, 2.5, 3, 4],
        area: 12,
        iscrowd: 0,
        ...change.annotation,
      },
    ],
    ...change.root,
  };
}

async function read(content: object, imageFolder: string | null = 'images'): Promise<CocoDataset> {
  return readCocoDataset(write(JSON.stringify(content)), imageFolder);
}

async function refusal(promise: Promise<unknown>): Promise<InputError> {
  const error = await rejectionOf(promise);
  expect(error).toBeInstanceOf(InputError);
  return error as InputError;
}

describe('a good file', () => {
  it('is sorted by id; labels are 1..K over gaps', async () => {
    const dataset = await read(parts());
    expect(dataset.images.map(({ id }) => id)).toEqual([3, 7]);
    expect(dataset.images[0]).toEqual({ id: 3, fileName: 'a.jpg', width: 50, height: 40 });
    expect(dataset.categories.map(({ id }) => id)).toEqual([2, 90]);
    expect([dataset.labelOf(2), dataset.labelOf(90)]).toEqual([1, 2]);
    expect(dataset.categoryOf(2).name).toBe('toothbrush');
    expect(() => dataset.labelOf(1)).toThrow(RangeError);
    expect(() => dataset.categoryOf(0)).toThrow(RangeError);
    expect(() => dataset.categoryOf(3)).toThrow(RangeError);
    expect(dataset.annotationsOf(7).map(({ id }) => id)).toEqual([11, 12]);
    expect(dataset.annotationsOf(3)).toEqual([]);
    expect(dataset.notes).toEqual([]);
  });

  it('may lack area and iscrowd: they are filled in, with a note', async () => {
    const dataset = await read(parts({ annotation: { area: undefined, iscrowd: undefined } }));
    expect(dataset.annotations[1]).toMatchObject({ area: 12, isCrowd: false });
    expect(dataset.notes).toEqual([
      '1 of the annotations have no "area": width * height of the box is used (id 12).',
      '1 of the annotations have no "iscrowd": 0 is used (id 12).',
    ]);
  });

  it('may have ids up to 2^53 - 1, and 0', async () => {
    const dataset = await read(parts({ annotation: { id: 2 ** 53 - 1 }, image: { id: 0 } }));
    expect(dataset.annotations[1].id).toBe(9007199254740991);
    expect(dataset.images[0].id).toBe(0);
  });

  it('may have an annotation with id 0, which is told, since evaluation never counts it as found', async () => {
    const note = /evaluation counts this object as missed even where it is found/;
    expect((await read(parts({ annotation: { id: 0 } }))).notes).toEqual([expect.stringMatching(note)]);
    // Crowds do not count as found or missed anyway.
    expect((await read(parts({ annotation: { id: 0, iscrowd: 1 } }))).notes).toEqual([]);
  });

  it('may have a picture under two ids, which is told', async () => {
    const size = { width: 50, height: 40 };
    const more = ['b.jpg', 'c.jpg', 'c.jpg', 'c.jpg'].map((name, k) => ({
      id: 20 + k,
      file_name: name,
      ...size,
    }));
    const images = [...(parts() as { images: object[] }).images, ...more];
    expect((await read(parts({ root: { images } }))).notes).toEqual([
      '2 pictures stand under several image ids ("b.jpg": 7, 20; "c.jpg": 21, 22, 23): what is annotated under one ' +
        'of them is background under the others. `rcnn check --repair` merges them.',
    ]);
    expect((await read(parts({ root: { images } }), null)).notes).toEqual([]);
  });

  it('may begin with a byte order mark, and hold any text in names', async () => {
    const content = JSON.stringify(
      parts({ category: { name: '<b>\u001b[31m"ü"\n日本' }, image: { file_name: 'ä/..b#?.jpg' } }),
    );
    const dataset = await readCocoDataset(write(`\ufeff${content}`), 'images');
    expect(dataset.categoryOf(1).name).toBe('<b>\u001b[31m"ü"\n日本');
    expect(dataset.images[0].fileName).toBe('ä/..b#?.jpg');
  });

  it('needs no file names where no pictures are read', async () => {
    const content = parts({ image: { file_name: undefined } });
    expect((await read(content, null)).images[0].fileName).toBe('');
    expect(await refusal(read(content))).toMatchObject({
      problems: [{ kind: 'file name', place: 'images[1].file_name', imageId: 3 }],
    });
  });

  it("may be LVIS's: pictures are named by their URL, and images and categories say what is known of them", async () => {
    const url = 'http://images.cocodataset.org/val2017/000000000003.jpg';
    const content = parts({
      image: {
        file_name: undefined,
        coco_url: url,
        neg_category_ids: [90],
        not_exhaustive_category_ids: [2, 'x'],
      },
      category: { frequency: 'c' },
    });
    const { images, categories, notes } = await read(content);
    expect(images).toEqual([
      {
        id: 3,
        fileName: 'val2017/000000000003.jpg',
        width: 50,
        height: 40,
        absentCategories: [90],
        incompleteCategories: [2],
      },
      { id: 7, fileName: 'b.jpg', width: 100, height: 80 },
    ]);
    expect(categories[0]).toEqual({ id: 2, name: 'bicycle', frequency: 'c' });
    expect(notes).toEqual([expect.stringMatching(/^Images without "file_name": 1\. .*coco_url/)]);
  });

  it('gives segmentations only when asked to', async () => {
    const file = write(JSON.stringify(parts({ annotation: { segmentation: [[1, 1, 2, 2, 3, 1]] } })));
    expect((await readCocoDataset(file, null)).annotations[1].segmentation).toBeUndefined();
    const dataset = await readCocoDataset(file, null, { keepSegmentations: true });
    expect(dataset.annotations[1].segmentation).toEqual([[1, 1, 2, 2, 3, 1]]);
  });
});

describe('targets', () => {
  it('are corners in float32, with labels; crowds and boxes without size are left out, others clipped', async () => {
    const boxes = [
      { bbox: [10.1, 20, 30, 40] },
      { bbox: [-5, -6, 20, 30] },
      { bbox: [90, 70, 20, 30] },
      { bbox: [5, 5, 0, 10] },
      { bbox: [1, 1, 9, 9], iscrowd: 1 },
      { bbox: [99.9999999, 5, 30, 30] },
    ];
    const annotations = boxes.map((entry, i) => ({
      id: i,
      image_id: 7,
      category_id: 90,
      area: 1,
      iscrowd: 0,
      ...entry,
    }));
    const dataset = await read(parts({ root: { annotations } }));
    const targets = gtTargets(dataset, dataset.images[1]);
    expect(targets.boxes).toEqual(Float32Array.of(10.1, 20, 40.1, 60, 0, 0, 15, 24, 90, 70, 100, 80));
    expect(targets.labels).toEqual(Int32Array.of(2, 2, 2));
    expect(gtTargets(dataset, dataset.images[0])).toEqual({
      boxes: new Float32Array(0),
      labels: new Int32Array(0),
    });
    expect(dataset.notes).toEqual([
      '1 of the annotations have a box without width or height: training leaves them out (id 3).',
      '3 of the annotations reach beyond their image: training clips them (ids 1, 2, 5).',
      expect.stringMatching(/^An annotation has id 0\. pycocotools takes 0 for "not found"/),
    ]);
  });
});

describe('a file that is no JSON', () => {
  it.each<[string, string | Uint8Array, object]>([
    ['empty', '', { code: 'json-empty', place: undefined }],
    ['blank', ' \n ', { code: 'json-empty', place: undefined }],
    [
      'truncated',
      '{"images": [\n {"id": 1',
      { code: 'json-syntax', place: { line: 2, column: 10 }, facts: { path: 'images[0].id' } },
    ],
    ['truncated in a text', '{"images": ["ab', { code: 'json-syntax', place: { line: 1, column: 13 } }],
    [
      'with NaN',
      '{"annotations": [{"bbox": [1, NaN, 3, 4]}]}',
      { code: 'json-syntax', place: { line: 1, column: 31 }, facts: { path: 'annotations[0].bbox[1]' } },
    ],
    [
      'with a comma too many',
      '{"a": [1, 2,]}',
      { code: 'json-syntax', place: { line: 1, column: 13 }, facts: { path: 'a[2]' } },
    ],
    ['with a comma too few', '{"a": [1 2]}', { code: 'json-syntax', place: { line: 1, column: 10 } }],
    ['with single quotes', "{'a': 1}", { code: 'json-syntax', place: { line: 1, column: 2 } }],
    [
      'nested very deep',
      '['.repeat(1e5),
      { code: 'json-syntax', place: { line: 1, column: 100001 }, facts: { path: `${'[0]'.repeat(12)}...` } },
    ],
    ['with no colon', '{"a" 1}', { code: 'json-syntax', place: { line: 1, column: 6 } }],
    ['with something behind', '{} {}', { code: 'json-syntax', place: { line: 1, column: 4 } }],
    ['something else', 'hello', { code: 'json-syntax', place: { line: 1, column: 1 } }],
    ['with a number that is none', '[01]', { code: 'json-syntax', place: { line: 1, column: 2 } }],
    ['binary', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), { code: 'json-utf8' }],
  ])('%s', async (_, content, fault) => {
    const error = await refusal(readCocoDataset(write(content), null));
    expect(error).toBeInstanceOf(JsonFileError);
    expect(error).toMatchObject({ file: join(folder, 'instances.json'), ...fault });
  });

  it('is missing, or a folder', async () => {
    const none = join(folder, 'none.json');
    expect(await refusal(readCocoDataset(none, null))).toMatchObject({ code: 'json-missing', file: none });
    expect(await refusal(readCocoDataset(folder, null))).toMatchObject({ code: 'json-folder', file: folder });
  });
});

describe('a file that says something wrong', () => {
  it.each<[string, object, string, string]>([
    ['a list', [], 'the file', 'structure'],
    ['a number', Object(3) as object, 'the file', 'structure'],
    ['no images', parts({ root: { images: undefined } }), 'images', 'structure'],
    ['no annotations', parts({ root: { annotations: undefined } }), 'annotations', 'structure'],
    ['no categories', parts({ root: { categories: undefined } }), 'categories', 'structure'],
    ['images that are no list', parts({ root: { images: {} } }), 'images', 'structure'],
    ['an empty set', parts({ root: { images: [] } }), 'images', 'structure'],
    ['no category', parts({ root: { categories: [] } }), 'categories', 'structure'],
    ['an image that is none', parts({ root: { images: [3], annotations: [] } }), 'images[0]', 'structure'],
    ['an image without id', parts({ image: { id: undefined } }), 'images[1].id', 'id'],
    ['a text id', parts({ image: { id: '3' } }), 'images[1].id', 'id'],
    ['an image twice', parts({ image: { id: 7 } }), 'images[1].id', 'duplicate id'],
    ['no width', parts({ image: { width: undefined } }), 'images[1].width', 'size'],
    ['a height of 0', parts({ image: { height: 0 } }), 'images[1].height', 'size'],
    ['an empty file name', parts({ image: { file_name: '' } }), 'images[1].file_name', 'file name'],
    ['../', parts({ image: { file_name: '../a.jpg' } }), 'images[1].file_name', 'file name'],
    ['hidden ../', parts({ image: { file_name: 'a/../../b.jpg' } }), 'images[1].file_name', 'file name'],
    ['an absolute name', parts({ image: { file_name: '/etc/passwd' } }), 'images[1].file_name', 'file name'],
    ['..\\', parts({ image: { file_name: '..\\a.jpg' } }), 'images[1].file_name', 'file name'],
    ['a drive', parts({ image: { file_name: 'C:\\a.jpg' } }), 'images[1].file_name', 'file name'],
    ['a NUL', parts({ image: { file_name: 'a\0.jpg' } }), 'images[1].file_name', 'file name'],
    ['the folder', parts({ image: { file_name: 'a/..' } }), 'images[1].file_name', 'file name'],
    [
      'a category twice',
      parts({ category: { id: 90 }, annotation: { category_id: 90 } }),
      'categories[1].id',
      'duplicate id',
    ],
    ['a nameless category', parts({ category: { name: undefined } }), 'categories[1].name', 'name'],
    [
      'a category with a name that is no text',
      parts({ category: { name: { toString: 1 } } }),
      'categories[1].name',
      'name',
    ],
    ['an annotation twice', parts({ annotation: { id: 11 } }), 'annotations[1].id', 'duplicate id'],
    ['an annotation without id', parts({ annotation: { id: null } }), 'annotations[1].id', 'id'],
    ['an unknown image', parts({ annotation: { image_id: 8 } }), 'annotations[1].image_id', 'unknown image'],
    [
      'an unknown category',
      parts({ annotation: { category_id: 1 } }),
      'annotations[1].category_id',
      'unknown category',
    ],
    ['no box', parts({ annotation: { bbox: undefined } }), 'annotations[1].bbox', 'box'],
    ['three numbers', parts({ annotation: { bbox: [1, 2, 3] } }), 'annotations[1].bbox', 'box'],
    ['text numbers', parts({ annotation: { bbox: [1, 2, 3, '4'] } }), 'annotations[1].bbox', 'box'],
    ['null (NaN)', parts({ annotation: { bbox: [1, 2, 3, NaN] } }), 'annotations[1].bbox', 'box'],
    ['a negative width', parts({ annotation: { bbox: [9, 9, -3, 4] } }), 'annotations[1].bbox', 'box'],
    ['a box outside', parts({ annotation: { bbox: [100, 9, 3, 4] } }), 'annotations[1].bbox', 'box'],
    ['a box left of it', parts({ annotation: { bbox: [-3, 9, 3, 4] } }), 'annotations[1].bbox', 'box'],
    ['a negative area', parts({ annotation: { area: -1 } }), 'annotations[1].area', 'area'],
    ['an iscrowd of 2', parts({ annotation: { iscrowd: 2 } }), 'annotations[1].iscrowd', 'iscrowd'],
  ])('%s', async (_, content, place, kind) => {
    const error = await refusal(read(content));
    expect(error).toBeInstanceOf(AnnotationError);
    expect(error.code).toBe('annotations-invalid');
    const [problem] = (error as AnnotationError).problems;
    expect(problem).toMatchObject({ kind, place });
    expect(error.message).toContain(place);
  });

  it('numbers that JSON.parse rounds or makes infinite', async () => {
    const text = JSON.stringify(parts({ annotation: { id: 'ID', bbox: [1, 2, 'WIDTH', 4] } }))
      .replace('"ID"', '9007199254740993')
      .replace('"WIDTH"', '1e999');
    const error = await refusal(readCocoDataset(write(text), null));
    expect(error).toMatchObject({
      problems: [
        { kind: 'id', place: 'annotations[1].id', imageId: 7 },
        { kind: 'box', place: 'annotations[1].bbox', imageId: 7 },
      ],
    });
  });

  it('is told also where it is nested too deep to be shown', async () => {
    const depth = 200_000;
    const text = JSON.stringify(parts({ annotation: { bbox: 'deep' } }));
    const file = write(text.replace('"deep"', '['.repeat(depth) + ']'.repeat(depth)));
    const error = await refusal(readCocoDataset(file, null));
    expect(error).toMatchObject({ problems: [{ kind: 'box', place: 'annotations[1].bbox' }] });
    expect(error.message.length).toBeLessThan(1000);
  });

  it('is told all at once, 20 of each kind', async () => {
    const annotations = Array.from({ length: 30 }, (_, i) => ({
      id: i,
      image_id: 99,
      category_id: 2,
      bbox: [0, 0, 1, 1],
    }));
    const error = await refusal(read(parts({ root: { annotations }, image: { width: -1 } })));
    const [first, second, ...others] = (error as AnnotationError).problems;
    expect(first).toMatchObject({ kind: 'size', place: 'images[1].width', imageId: 3 });
    const place = 'annotations[0].image_id';
    expect(second).toMatchObject({ kind: 'unknown image', place, imageId: 99, annotationId: 0 });
    expect(others).toHaveLength(19);
    expect(error.message.split('\n')).toHaveLength(1 + 21 + 1);
  });
});

describeShared('real files', () => {
  it.each([
    ['data/bccd/train.json', 293, 3993],
    ['data/bccd/val.json', 71, 893],
    ['data/microcontrollers/train.json', 117, 138],
    ['data/microcontrollers/val.json', 32, 39],
    ['data/evaluator/instances_val2014_100.json', 100, 839],
  ])('%s', async (file, images, annotations) => {
    const dataset = await readCocoDataset(sharedPath(file), 'images');
    expect([dataset.images.length, dataset.annotations.length]).toEqual([images, annotations]);
    expect(dataset.notes).toEqual([]);
  });
});
