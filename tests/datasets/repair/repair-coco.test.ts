import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { checkedDataset } from '../../../datasets/coco/read-dataset';
import { encodeMask } from '../../../datasets/coco/masks/rle';
import { keepRepairedFields, repairCoco, repairCocoFile } from '../../../datasets/repair/repair-coco';
import { RepairLog } from '../../../datasets/repair/repair-log';

type Entry = Record<string, unknown>;
interface Content {
  readonly info?: object;
  readonly images: readonly Entry[];
  readonly annotations: readonly Entry[];
  readonly categories: readonly Entry[];
}

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'repair-'));
  mkdirSync(path.join(folder, 'sub dir'));
  const create = { width: 60, height: 40, channels: 3 as const, background: '#888' };
  const plain = await sharp({ create }).png().toBuffer();
  const turned = await sharp({ create }).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  for (const name of ['a.png', 'käfer.png', 'sub dir/c.png']) writeFileSync(path.join(folder, name), plain);
  for (const name of ['turned.jpg', 'turned-too.jpg']) writeFileSync(path.join(folder, name), turned);
});
afterAll(() => rmSync(folder, { recursive: true }));

const size = { width: 60, height: 40 };
/** Nothing to repair; the fields that nobody reads must stay. */
const clean: Content = {
  info: { year: 2026, nested: { list: [1, [2, null]] } },
  images: [
    { id: 7, file_name: 'a.png', ...size, license: 3, tags: ['x'] },
    { id: 3, file_name: 'käfer.png', ...size },
    { id: 5, file_name: 'sub dir/c.png', ...size, coco_url: null },
  ],
  annotations: [
    {
      id: 1,
      image_id: 7,
      category_id: 2,
      bbox: [5, 6, 20, 30],
      area: 600,
      iscrowd: 0,
      attributes: { occluded: true },
    },
    {
      id: 2,
      image_id: 7,
      category_id: 4,
      bbox: [1, 2, 10, 8],
      area: 80,
      iscrowd: 0,
      segmentation: [[1, 2, 11, 2, 11, 10, 1, 10]],
    },
    {
      id: 3,
      image_id: 3,
      category_id: 2,
      bbox: [0, 0, 60, 40],
      area: 1234.5,
      iscrowd: 1,
      keypoints: [1, 2, 2],
    },
    {
      id: 4,
      image_id: 5,
      category_id: 2,
      bbox: [30.5, 10, 4, 4],
      area: 16,
      iscrowd: 0,
      segmentation: { size: [40, 60], counts: [31 * 40 + 10, 4, 36, 4, 36, 4, 40 * 26 + 26] },
    },
    {
      id: 99,
      image_id: 5,
      category_id: 11,
      bbox: [2, 3, 4, 5],
      area: 20,
      iscrowd: 0,
      keypoints: [2, 3, 2, 4, 5.5, 1, 0, 0, 0],
      num_keypoints: 2,
    },
  ],
  categories: [
    { id: 2, name: 'plate', supercategory: 'things' },
    { id: 4, name: 'car', supercategory: 'things' },
    { id: 9, name: 'unused', supercategory: 'things' },
    {
      id: 11,
      name: 'fly',
      supercategory: 'things',
      keypoints: ['head', 'left', 'right'],
      skeleton: [
        [1, 2],
        [1, 3],
      ],
    },
  ],
};

/** The corners of the only polygon. */
const pairs = [
  [1, 2],
  [11, 2],
  [11, 10],
  [1, 10],
];

/** The clean set's run lengths, with width and height swapped. */
const swappedRuns = { ...(clean.annotations[3].segmentation as object), size: [60, 40] };

async function repaired(
  content: unknown,
): Promise<{ content: Content; done: string[]; undecided: string[] }> {
  const log = new RepairLog(Infinity);
  const before = JSON.stringify(content);
  const result = await repairCoco(content, folder, log);
  expect(JSON.stringify(content)).toBe(before);
  return {
    content: result as Content,
    done: log.repairs.problems.map(({ kind, place, reason }) => `${kind}: ${place}: ${reason}`),
    undecided: log.undecided.problems.map(({ place, reason }) => `${place}: ${reason}`),
  };
}

/** The clean set with fields of one entry changed. */
function changed(list: 'images' | 'annotations' | 'categories', index: number, change: Entry): Content {
  return { ...clean, [list]: clean[list].map((entry, k) => (k === index ? { ...entry, ...change } : entry)) };
}

test('a clean file stays the same object', async () => {
  const { content, done, undecided } = await repaired(clean);
  expect(content).toBe(clean);
  expect([done, undecided]).toEqual([[], []]);
});

test.each<[string, unknown]>([
  ['no object', [1]],
  ['without a list', { images: [], annotations: [] }],
  ['with something else in a list', { ...clean, annotations: [null] }],
])('what is no COCO file stays: %s', async (_, content) => {
  expect((await repaired(content)).content).toBe(content);
});

test.each<[string, Content, string]>([
  [
    'an id as text',
    changed('annotations', 1, { image_id: ' 7' }),
    'number as text: annotations[1].image_id: " 7" becomes 7',
  ],
  [
    'a category id as text',
    changed('categories', 0, { id: '2' }),
    'number as text: categories[0].id: "2" becomes 2',
  ],
  [
    'a side as text',
    changed('images', 1, { width: '60.0' }),
    'number as text: images[1].width: "60.0" becomes 60',
  ],
  [
    'numbers of a box as text',
    changed('annotations', 3, { bbox: ['30.5', 10, '4', '4e0'] }),
    'number as text: annotations[3].bbox: ["30.5",10,"4","4e0"] becomes [30.5,10,4,4]',
  ],
  [
    'numbers of polygons as text',
    changed('annotations', 1, { segmentation: [['1', 2, '11.0', 2, 11, '10', 1, 1e1]] }),
    'number as text: annotations[1].segmentation: [["1",2,"11.0",2,11,"10",1,10]] becomes [[1,2,11,2,11,10,1,10]]',
  ],
  [
    'an area that is null',
    changed('annotations', 0, { area: null }),
    'null: annotations[0].area: null becomes 600, width * height of the box',
  ],
  [
    'iscrowd that is null',
    changed('annotations', 0, { iscrowd: null }),
    'null: annotations[0].iscrowd: null becomes 0',
  ],
  [
    'a box of polygons',
    changed('annotations', 1, { bbox: null }),
    'box from segmentation: annotations[1].bbox: null becomes [1,2,10,8], the box around its segmentation',
  ],
  [
    'a box without any size',
    changed('annotations', 1, { bbox: [0, 0, 0, 0] }),
    'box from segmentation: annotations[1].bbox: [0,0,0,0] becomes [1,2,10,8], the box around its segmentation',
  ],
  [
    'a polygon that is not in a list',
    changed('annotations', 1, { segmentation: [1, 2, 11, 2, 11, 10, 1, 10] }),
    'polygons: annotations[1].segmentation: [1,2,11,2,11,10,1,10] becomes [[1,2,11,2,11,10,1,10]]',
  ],
  [
    'corners that are objects',
    changed('annotations', 1, { segmentation: [pairs.map(([x, y]) => ({ x, y }))] }),
    'polygons: annotations[1].segmentation: [[{"x":1,"y":2},{"x":11,"y":2},{"x":11,"y":10},{"x":1,"y"... becomes [[1,2,11,2,11,10,1,10]]',
  ],
  [
    'corners that are lists, beside a polygon of none',
    changed('annotations', 1, { segmentation: [pairs, []] }),
    'polygons: annotations[1].segmentation: [[[1,2],[11,2],[11,10],[1,10]],[]] becomes [[1,2,11,2,11,10,1,10]]',
  ],
  [
    'run lengths of the other size',
    changed('annotations', 3, {
      segmentation: { ...(clean.annotations[3].segmentation as object), size: [60, 40] },
    }),
    'size of run lengths: annotations[3].segmentation.size: [60,40] becomes [40,60], the height and width of its image',
  ],
  [
    'keypoints that are lists',
    changed('annotations', 4, {
      keypoints: [
        [2, 3, 2],
        [4, 5.5, 1],
        [0, 0, 0],
      ],
    }),
    'keypoints: annotations[4].keypoints: [[2,3,2],[4,5.5,1],[0,0,0]] becomes [2,3,2,4,5.5,1,0,0,0]',
  ],
  [
    'keypoints as text',
    changed('annotations', 4, { keypoints: ['2', 3, 2, 4, '5.5', 1, 0, 0, '0'] }),
    'number as text: annotations[4].keypoints: ["2",3,2,4,"5.5",1,0,0,"0"] becomes [2,3,2,4,5.5,1,0,0,0]',
  ],
  [
    'a wrong number of keypoints',
    changed('annotations', 4, { num_keypoints: 3 }),
    'num_keypoints: annotations[4].num_keypoints: 3 becomes 2, the number of keypoints of visibility 1 or 2',
  ],
  [
    'a skeleton from 0',
    changed('categories', 3, {
      skeleton: [
        [0, 1],
        [0, 2],
      ],
    }),
    'skeleton: categories[3].skeleton: [[0,1],[0,2]] becomes [[1,2],[1,3]]: COCO counts keypoints from 1',
  ],
  ['an id twice', changed('annotations', 3, { id: 1 }), 'annotation id: annotations[3].id: 1 becomes 4'],
  ['no id', changed('annotations', 3, { id: null }), 'annotation id: annotations[3].id: null becomes 4'],
  [
    'an id that is no number',
    changed('annotations', 3, { id: 'b7e1' }),
    'annotation id: annotations[3].id: "b7e1" becomes 4',
  ],
  ['id 0', changed('annotations', 3, { id: 0 }), 'annotation id: annotations[3].id: 0 becomes 4'],
  [
    'backslashes and an absolute path',
    changed('images', 2, { file_name: 'C:\\data\\Sub dir\\c.png' }),
    'file name: images[2].file_name: "C:\\\\data\\\\Sub dir\\\\c.png" becomes "sub dir/c.png", which differs in folder, separators and letter case',
  ],
  [
    'Unicode form',
    changed('images', 1, { file_name: 'ka\u0308fer.png' }),
    'file name: images[1].file_name: "ka\u0308fer.png" becomes "käfer.png", which differs in Unicode form',
  ],
  [
    'no folder',
    changed('images', 2, { file_name: 'c.png' }),
    'file name: images[2].file_name: "c.png" becomes "sub dir/c.png", which differs in folder',
  ],
  [
    'a size of 0',
    changed('images', 0, { width: 0, height: 0 }),
    'size from the picture: images[0].width: 0 x 0 becomes 60 x 40, as the picture says',
  ],
  [
    'a side that is null',
    changed('images', 0, { height: null }),
    'size from the picture: images[0].width: 60 x null becomes 60 x 40, as the picture says',
  ],
  [
    'an image twice',
    { ...clean, images: [...clean.images, clean.images[1]] },
    'copy: images[3]: an earlier entry is the same: this one goes',
  ],
  [
    'an annotation twice',
    { ...clean, annotations: [...clean.annotations, clean.annotations[1]] },
    'copy: annotations[5]: an earlier entry is the same: this one goes',
  ],
  [
    'a category twice',
    { ...clean, categories: [...clean.categories, clean.categories[1]] },
    'copy: categories[4]: an earlier entry is the same: this one goes',
  ],
  [
    "Roboflow's root",
    { ...clean, categories: [{ id: 0, name: 'things', supercategory: 'none' }, ...clean.categories] },
    'root category: categories[0]: "things" has no annotations and is the supercategory of all others: it goes',
  ],
])('%s has one meaning', async (_, content, line) => {
  const { content: result, done, undecided } = await repaired(content);
  expect(done).toEqual([line]);
  expect(undecided).toEqual([]);
  expect(result).toEqual(clean);
});

test('a name that is missing is that of another field', async () => {
  const { content, done } = await repaired(
    changed('images', 1, { file_name: null, path: '/datasets/x/KÄFER.png' }),
  );
  expect(done).toEqual([
    'file name: images[1].file_name: null becomes "käfer.png", by "/datasets/x/KÄFER.png"',
  ]);
  expect(content.images[1].file_name).toBe('käfer.png');
});

test.each<[string, Content]>([
  ['a number beyond 2^53 as text', changed('annotations', 3, { image_id: '9007199254740993' })],
  ['words', changed('annotations', 3, { image_id: 'a.png' })],
  ['a box that is wrong, though there are polygons', changed('annotations', 1, { bbox: [1, 2, -3, 4] })],
  ['polygons with words', changed('annotations', 1, { segmentation: [['1', 'x', 11, 2, 11, 10]] })],
  ['compressed run lengths', changed('annotations', 1, { segmentation: { size: [40, 60], counts: '123' } })],
  ['polygons of two corners', changed('annotations', 1, { bbox: null, segmentation: [[1, 2, 3, 4]] })],
  [
    'run lengths that do not fill the image',
    changed('annotations', 1, { bbox: null, segmentation: { size: [4, 4], counts: [1] } }),
  ],
  [
    'an area that is null with its box',
    changed('annotations', 1, { bbox: null, area: null, segmentation: null }),
  ],
  ['an odd number of coordinates', changed('annotations', 1, { segmentation: [1, 2, 11, 2, 11, 10, 1] })],
  [
    'polygons of points',
    changed('annotations', 1, {
      segmentation: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    }),
  ],
  [
    'run lengths of the other size, whose pixels are elsewhere than the box',
    changed('annotations', 3, { bbox: [5, 10, 4, 4], segmentation: swappedRuns }),
  ],
  [
    'run lengths of the other size without a box',
    changed('annotations', 3, { bbox: null, segmentation: swappedRuns }),
  ],
  [
    'run lengths of a third size',
    changed('annotations', 3, { segmentation: { size: [30, 80], counts: [2400] } }),
  ],
  [
    'keypoints of two numbers',
    changed('annotations', 4, {
      keypoints: [
        [1, 2],
        [3, 4],
      ],
    }),
  ],
  [
    'keypoints of other visibilities',
    changed('annotations', 4, { keypoints: [1, 2, 3, 4, 5, 6], num_keypoints: 1 }),
  ],
  ['a skeleton that fits neither way', changed('categories', 3, { skeleton: [[0, 3]] })],
  ['a picture that is not there', changed('images', 1, { file_name: 'none.png', width: 0 })],
  ['another size', changed('images', 1, { width: 61 })],
  ['two images with one id', changed('images', 1, { id: 7 })],
  ['two categories with one id', changed('categories', 1, { id: 2 })],
  [
    'a used category 0',
    {
      ...changed('annotations', 0, { category_id: 0 }),
      categories: [{ id: 0, name: 'things' }, ...clean.categories],
    },
  ],
  [
    'two categories 0, both named as the supercategory',
    {
      ...clean,
      categories: [
        { id: 0, name: 'things', supercategory: 'none' },
        { id: 0, name: 'things', supercategory: 'things' },
        ...clean.categories,
      ],
    },
  ],
  [
    'a category 0 that is one of several supercategories',
    {
      ...changed('categories', 0, { supercategory: 'x' }),
      categories: [{ id: 0, name: 'things' }, ...changed('categories', 0, { supercategory: 'x' }).categories],
    },
  ],
])('%s stays', async (_, content) => {
  const { content: result, done } = await repaired(content);
  expect(done).toEqual([]);
  expect(result).toBe(content);
});

test('run lengths give a box, however they are written', async () => {
  const mask = new Uint8Array(60 * 40);
  for (const at of [3 * 60 + 10, 20 * 60 + 31]) mask[at] = 1;
  const compressed = encodeMask(mask, size);
  const plain = { size: [40, 60], counts: [10 * 40 + 3, 1, 21 * 40 + 16, 1, 28 * 40 + 19] };
  for (const segmentation of [compressed, plain]) {
    const { content } = await repaired(changed('annotations', 3, { bbox: undefined, segmentation }));
    expect(content.annotations[3]).toMatchObject({ bbox: [10, 3, 22, 18], segmentation });
  }
});

test('run lengths and their size as text are numbers', async () => {
  const plain = { size: [40, 60], counts: [10 * 40 + 3, 1, 49 * 40 + 36] };
  const written = { size: ['40', 60], counts: plain.counts.map(String) };
  const { content, done } = await repaired(changed('annotations', 3, { segmentation: written }));
  expect(content.annotations[3]).toEqual({ ...clean.annotations[3], segmentation: plain });
  expect(done).toHaveLength(1);
  const compressed = { size: ['40', '60'], counts: encodeMask(new Uint8Array(60 * 40), size).counts };
  const second = await repaired(changed('annotations', 3, { segmentation: compressed }));
  expect(second.content.annotations[3].segmentation).toEqual({ ...compressed, size: [40, 60] });
});

test('masks are kept where a repair would read them, and only there', () => {
  const kept = (annotation: Entry): unknown =>
    (keepRepairedFields(annotation, 'annotations') as Entry).segmentation;
  const [, annotation] = clean.annotations;
  expect(kept(annotation)).toBeUndefined();
  expect(kept({ ...annotation, bbox: null })).toBe(annotation.segmentation);
  const segmentation = [['1', 2, 11, 2, 11, 10]];
  expect(kept({ ...annotation, segmentation })).toBe(segmentation);
});

describe('names that could mean several things', () => {
  it('stay where several files could be meant', async () => {
    writeFileSync(path.join(folder, 'sub dir', 'a.png'), '');
    const { done, undecided } = await repaired(changed('images', 0, { file_name: 'A.png' }));
    rmSync(path.join(folder, 'sub dir', 'a.png'));
    expect(done).toEqual([]);
    expect(undecided).toEqual(['images[0].file_name: "A.png": it could mean "a.png", "sub dir/a.png"']);
  });

  it('stay where a folder is called otherwise, unless all of its pictures are there', async () => {
    const all = changed('images', 2, { file_name: '../media/c.png' });
    expect((await repaired(all)).content).toEqual(clean);
    const some = { ...all, images: [...all.images, { id: 8, file_name: '..\\media\\gone.png', ...size }] };
    const { content, undecided } = await repaired(some);
    expect(content).toBe(some);
    expect(undecided).toEqual([
      'images[2].file_name: "../media/c.png" could be "sub dir/c.png", but of its folder not all pictures are there',
    ]);
  });

  it('stay where different names could mean one file', async () => {
    const two = changed('images', 1, { file_name: 'train/a.png' });
    expect(await repaired(two)).toEqual({
      content: two,
      done: [],
      undecided: ['images[1].file_name: "train/a.png" and "a.png" could both be "a.png"'],
    });
  });
});

describe('one picture under two ids', () => {
  const second = { id: 8, file_name: './a.png', ...size, license: 4, date: '2026' };
  const own = { id: 5, image_id: 8, category_id: 2, bbox: [40, 20, 5, 5], area: 25, iscrowd: 0 };
  const copy = { ...clean.annotations[0], id: 6, image_id: 8 };

  it('becomes one with the annotations of both, each once; fields of the second that the first lacks are kept', async () => {
    const content = {
      ...clean,
      images: [...clean.images, second],
      annotations: [...clean.annotations, own, copy, { ...own, id: 7 }],
    };
    const { content: result, done } = await repaired(content);
    expect(done).toEqual([
      'copy: annotations[6]: image 7, which has the same picture, has the same annotation: this one goes',
      'picture under several ids: images[3].file_name: "a.png" is the picture of image 7 too, which gets the annotations of this one (3)',
    ]);
    expect(result.images).toEqual([{ ...clean.images[0], date: '2026' }, ...clean.images.slice(1)]);
    expect(result.annotations).toEqual([
      ...clean.annotations,
      { ...own, image_id: 7 },
      { ...own, id: 7, image_id: 7 },
    ]);
  });

  it('stays two where they do not agree in its size', async () => {
    const content = { ...clean, images: [...clean.images, { ...second, width: 59 }] };
    const { done, undecided } = await repaired(content);
    expect(done).toEqual([]);
    expect(undecided).toEqual([
      'images[3].file_name: "a.png" is the picture of image 7 too, but of another size',
    ]);
  });
});

describe('a picture that EXIF turns, 60 x 40 as stored, 40 x 60 as shown', () => {
  const turned = (image: Entry, bbox: readonly number[], other: Entry = {}): Content => ({
    ...clean,
    images: [
      { id: 1, file_name: 'turned.jpg', ...image },
      { id: 2, file_name: 'turned-too.jpg', ...size, ...other },
    ],
    annotations: [{ id: 1, image_id: 1, category_id: 2, bbox, area: 1, iscrowd: 0 }],
  });
  const wide = [30, 5, 29, 30];
  const high = [5, 30, 30, 29];
  const square = [5, 5, 10, 10];

  it.each<[string, Content, [number, number]]>([
    ['no size, box as shown', turned({}, high), [40, 60]],
    ['no size, box as stored', turned({}, wide), [60, 40]],
    ['one side', turned({ width: 40 }, square), [40, 60]],
    ['no size, the other picture as stored', turned({}, square), [60, 40]],
    ['no size, the other picture as shown', turned({}, square, { width: 40, height: 60 }), [40, 60]],
  ])('%s', async (_, content, [width, height]) => {
    const { content: result, done, undecided } = await repaired(content);
    expect(result.images[0]).toMatchObject({ width, height });
    expect(done).toHaveLength(1);
    expect(undecided).toEqual([]);
  });

  it('size as stored, box as shown: all are taken so where boxes fit either way', async () => {
    const { content, done } = await repaired(turned(size, high));
    expect(content.images.map(({ width, height }) => [width, height])).toEqual([
      [40, 60],
      [40, 60],
    ]);
    expect(done).toEqual([
      'size of the other orientation: images[0].width: 60 x 40 becomes 40 x 60: the boxes fit only into the picture turned that way',
      'size of the other orientation: images[1].width: 60 x 40 becomes 40 x 60: as of the other pictures that EXIF turns, where the boxes fit only so',
    ]);
  });

  it('size as shown, box as stored: one whose size is as stored stays', async () => {
    const { content, done } = await repaired(turned({ width: 40, height: 60 }, wide));
    expect(content.images).toMatchObject([size, size]);
    expect(done).toHaveLength(1);
  });

  it('where boxes agree with one size and contradict another, what fits either way is undecided', async () => {
    const base = turned(size, high);
    const images = [...base.images, { ...base.images[1], id: 3 }].map((image, k) => ({ ...image, note: k }));
    const annotations = [...base.annotations, { ...base.annotations[0], id: 2, image_id: 2, bbox: wide }];
    // Of the third, which has the picture of the second, nothing says how it was seen.
    const { content, done, undecided } = await repaired({ ...base, images, annotations });
    expect(content.images[0]).toMatchObject({ width: 40, height: 60 });
    expect(done.map((line) => line.split(':')[0])).toEqual([
      'size of the other orientation',
      'picture under several ids',
    ]);
    expect(undecided).toEqual([
      'images[2].width: the boxes fit into 60 x 40 and 40 x 60; of other pictures, into one alone or the other',
    ]);
  });

  it('sides that were swapped without EXIF', async () => {
    const content = { ...changed('images', 0, { width: 40, height: 60 }) };
    const annotations = [{ ...clean.annotations[0], bbox: wide }];
    const { content: result, done } = await repaired({ ...content, annotations });
    expect(result.images[0]).toMatchObject(size);
    expect(done).toHaveLength(1);
  });

  it.each<[string, Content, number]>([
    ['size and box that fit', turned(size, square), 0],
    ['a box that fits into neither', turned(size, [5, 5, 50, 50]), 0],
    ['no size, a box that fits into neither', turned({ width: 0 }, [5, 5, 50, 50]), 1],
    ['one side, a box that fits with the other alone', turned({ width: 40 }, wide), 1],
    ['no size anywhere', turned({}, square, { width: 0, height: 0 }), 2],
  ])('%s: nothing is guessed', async (_, content, numUndecided) => {
    const { content: result, undecided } = await repaired(content);
    expect(result).toBe(content);
    expect(undecided).toEqual(
      Array.from(
        { length: numUndecided },
        (_each, k) => `images[${k}].width: EXIF turns the picture: it is 60 x 40 as stored, 40 x 60 as shown`,
      ),
    );
  });
});

/** Ways to write the same, each for one entry; several in this order. */
const habits: Readonly<Record<string, (entry: Entry) => Entry>> = {
  idAsText: (entry) => ({ ...entry, id: String(entry.id) }),
  imageIdAsText: (entry) =>
    typeof entry.image_id === 'number' ? { ...entry, image_id: `${entry.image_id}.0` } : entry,
  boxAsText: (entry) => (Array.isArray(entry.bbox) ? { ...entry, bbox: entry.bbox.map(String) } : entry),
  polygonAsText: (entry) =>
    Array.isArray(entry.segmentation)
      ? { ...entry, segmentation: entry.segmentation.map((polygon: number[]) => polygon.map(String)) }
      : entry,
  keypointsAsText: (entry) =>
    isNumbers(entry.keypoints) ? { ...entry, keypoints: entry.keypoints.map(String) } : entry,
  keypointsAsLists: (entry) =>
    isNumbers(entry.keypoints) ? { ...entry, keypoints: listsOf(3, entry.keypoints) } : entry,
  numKeypoints: (entry) => ('num_keypoints' in entry ? { ...entry, num_keypoints: null } : entry),
  onePolygon: (entry) => withPolygon(entry, (polygon) => polygon),
  cornersAsLists: (entry) => withPolygon(entry, (polygon) => [listsOf(2, polygon)]),
  cornersAsObjects: (entry) =>
    withPolygon(entry, (polygon) => listsOf(2, polygon).map(([x, y]) => ({ x, y }))),
  emptyPolygon: (entry) => withPolygon(entry, (polygon) => [[], polygon, []]),
  otherSideFirst: (entry) =>
    isRuns(entry.segmentation)
      ? { ...entry, segmentation: { ...entry.segmentation, size: entry.segmentation.size.toReversed() } }
      : entry,
  skeletonFromZero: (entry) =>
    Array.isArray(entry.skeleton)
      ? { ...entry, skeleton: entry.skeleton.map(([from, to]: number[]) => [from - 1, to - 1]) }
      : entry,
  nullArea: (entry) =>
    Array.isArray(entry.bbox) && entry.area === Number(entry.bbox[2]) * Number(entry.bbox[3])
      ? { ...entry, area: null }
      : entry,
  nullCrowd: (entry) => (entry.iscrowd === 0 ? { ...entry, iscrowd: null } : entry),
  noBox: (entry) => (Array.isArray(entry.segmentation) ? { ...entry, bbox: [] } : entry),
  noSize: (entry) => ('width' in entry ? { ...entry, width: null, height: 0 } : entry),
  backslashes: (entry) => renamed(entry, (name) => name.replaceAll('/', '\\')),
  below: (entry) => renamed(entry, (name) => `C:\\images\\${name}`),
  decomposed: (entry) => renamed(entry, (name) => name.normalize('NFD')),
  upperCase: (entry) => renamed(entry, (name) => name.toUpperCase()),
  blank: (entry) => renamed(entry, (name) => `${name} `),
  address: (entry) =>
    renamed(entry, (name) => `https://host/${encodeURIComponent(name.split(/[\\/]/).at(-1)!)}?x=1`),
};

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}

function isRuns(value: unknown): value is { readonly size: readonly number[] } {
  return typeof value === 'object' && value !== null && 'size' in value;
}

function listsOf(length: number, numbers: readonly number[]): number[][] {
  return numbers.flatMap((_, i) => (i % length === 0 ? [numbers.slice(i, i + length)] : []));
}

/** The entry with another layout of its only polygon, where it has one in COCO's layout, of numbers. */
function withPolygon(entry: Entry, written: (polygon: number[]) => unknown): Entry {
  const polygon: unknown = Array.isArray(entry.segmentation) ? entry.segmentation[0] : undefined;
  return isNumbers(polygon) ? { ...entry, segmentation: written(polygon) } : entry;
}

function renamed(entry: Entry, change: (name: string) => string): Entry {
  return typeof entry.file_name === 'string' ? { ...entry, file_name: change(entry.file_name) } : entry;
}

/** Ids of images and of categories that are written as words. */
type Words = Readonly<Record<'images' | 'categories', readonly unknown[]>>;

/** The clean set with words instead of some ids, and wherever annotations refer to them. */
function withWords({ images, categories }: Words): Content {
  const wordOf = (ids: readonly unknown[], id: unknown): unknown =>
    ids.includes(id) ? `id-${String(id)}` : id;
  return {
    ...clean,
    images: clean.images.map((entry) => ({ ...entry, id: wordOf(images, entry.id) })),
    annotations: clean.annotations.map((entry) => ({
      ...entry,
      image_id: wordOf(images, entry.image_id),
      category_id: wordOf(categories, entry.category_id),
    })),
    categories: clean.categories.map((entry) => ({ ...entry, id: wordOf(categories, entry.id) })),
  };
}

/** A set with the ids of the clean one: images and categories at the same place are the same. */
function withCleanIds({ images, annotations, categories, ...others }: Content): Content {
  const idOf = (list: readonly Entry[], cleanList: readonly Entry[], wanted: unknown): unknown =>
    cleanList[list.findIndex(({ id }) => id === wanted)].id;
  return {
    ...others,
    images: images.map((entry, k) => ({ ...entry, id: clean.images[k].id })),
    annotations: annotations.map((entry) => ({
      ...entry,
      image_id: idOf(images, clean.images, entry.image_id),
      category_id: idOf(categories, clean.categories, entry.category_id),
    })),
    categories: categories.map((entry, k) => ({ ...entry, id: clean.categories[k].id })),
  };
}

test('whatever habits a clean file is written with, it comes back; repairing again changes nothing', async () => {
  const numEntries = [clean.images, clean.annotations, clean.categories].flat().length;
  const ofEntries = fc.array(fc.subarray(Object.keys(habits), { maxLength: 4 }), {
    minLength: numEntries,
    maxLength: numEntries,
  });
  const idsOf = (list: readonly Entry[]): fc.Arbitrary<unknown[]> => fc.subarray(list.map(({ id }) => id));
  const words = fc.record({ images: idsOf(clean.images), categories: idsOf(clean.categories) });
  await fc.assert(
    fc.asyncProperty(
      ofEntries,
      words,
      fc.boolean(),
      fc.boolean(),
      async (names, ofIds, restarts, hasCopies) => {
        const start = withWords(ofIds);
        const written = (entry: Entry, k: number): Entry =>
          names[k].reduce((now, name) => habits[name](now), entry);
        const images = start.images.map(written);
        const annotations = start.annotations.map((entry, k) => {
          const id = restarts && (k === 2 || k === 3) ? k - 1 : entry.id;
          return written({ ...entry, id }, clean.images.length + k);
        });
        const categories = start.categories.map((entry, k) => {
          const { skeleton } = written(entry, clean.images.length + clean.annotations.length + k);
          return skeleton === undefined ? entry : { ...entry, skeleton };
        });
        const copies = hasCopies ? annotations.slice(0, 1) : [];
        const first = await repaired({
          ...start,
          images,
          categories,
          annotations: [...annotations, ...copies],
        });
        expect(first.undecided).toEqual([]);
        expect(withCleanIds(first.content)).toEqual(clean);
        for (const list of ['images', 'categories'] as const) {
          const kept = (content: Content): unknown[] =>
            content[list].map(({ id }) => id).filter((_, k) => !ofIds[list].includes(clean[list][k].id));
          expect(kept(first.content)).toEqual(kept(clean));
        }
        const again = await repaired(first.content);
        expect(again.content).toBe(first.content);
        await checkedDataset(first.content, 'set.json', folder);
      },
    ),
    { numRuns: 150 },
  );
});

test('a file is read and repaired; its entries keep the order of their fields', async () => {
  const file = path.join(folder, 'set.json');
  writeFileSync(file, JSON.stringify(changed('annotations', 0, { area: null })));
  const { content, repairs, undecided } = await repairCocoFile(file, folder);
  expect(JSON.stringify(content)).toBe(JSON.stringify(clean));
  expect(repairs).toEqual([
    {
      kind: 'null',
      place: 'annotations[0].area',
      imageId: 7,
      annotationId: 1,
      reason: 'null becomes 600, width * height of the box',
    },
  ]);
  expect(undecided).toEqual([]);
});
