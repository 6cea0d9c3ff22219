import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { MAX_PIXELS } from '../../../datasets/images/picture-header';
import { createDetector } from '../../../detection/modeling/definitions';
import { checkPictures } from '../../../tools/run/check-pictures';
import { main } from '../../../tools/cli/main';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { Workplace } from './workplace';

const workplace = new Workplace();
const size = { width: 40, height: 30 };
const names = [
  'good.jpg',
  'missing.jpg',
  'cut.jpg',
  'text.jpg',
  'size.png',
  'bomb.jpg',
  '../out.jpg',
  'two.jpg',
];
const images = names.map((name, id) => ({ id, file_name: name, ...size }));
const annotations = [...images, images[7]].map(({ id: imageId }, index) => ({
  id: index + 1,
  image_id: imageId,
  category_id: 1,
  bbox: index === names.length ? [5, 5, -1, 9] : [5, 5, 10, 10],
  area: 100,
  iscrowd: 0,
}));
const categories = [{ id: 1, name: 'thing' }];

beforeAll(async () => {
  const folder = workplace.at('pictures');
  mkdirSync(folder);
  const picture = sharp({
    create: { ...size, channels: 3, background: '#a53', noise: { type: 'gaussian', sigma: 30 } },
  });
  const jpeg = await picture.clone().jpeg().toBuffer();
  const bomb = Buffer.from(jpeg);
  const frame = bomb.indexOf(Buffer.of(0xff, 0xc0));
  bomb.fill(0xf0, frame + 5, frame + 9); // its height and width
  const contents: Record<string, Buffer | string> = {
    'good.jpg': jpeg,
    'two.jpg': jpeg,
    'cut.jpg': jpeg.subarray(0, jpeg.length - 200),
    'text.jpg': 'some words\n'.repeat(50),
    'size.png': await picture.clone().resize(30, 40).png().toBuffer(),
    'bomb.jpg': bomb,
  };
  for (const [name, content] of Object.entries(contents)) writeFileSync(path.join(folder, name), content);
});

function check(content: object | string, ...more: string[]): Promise<number> {
  const file = workplace.at('set.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return main(['check', '--annotations', file, '--images', workplace.at('pictures'), ...more]);
}

test('a good set is summed up', async () => {
  const set = { images: images.slice(0, 1), categories, annotations: annotations.slice(0, 1) };
  expect(await check(set)).toBe(0);
  expect(workplace.stdout).toBe('images:     1\nboxes:      1\ncategories: 1\n');
  const reachingOut = { ...set, annotations: [{ ...annotations[0], bbox: [35, 5, 10, 10] }] };
  expect(await check(reachingOut, '--skip-invalid')).toBe(0);
  expect(workplace.stdout).toMatch(
    /note: 1 of the annotations reach beyond their image: training clips them \(id 1\)\.\n$/,
  );
});

const listed = [
  /images\[6\]\.file_name \(image 6\): "\.\.\/out\.jpg" leads out of the folder of the images\n/,
  /images\[1\]\.file_name \(image 1\): .*missing\.jpg: there is no such file\n/,
  /images\[2\]\.file_name \(image 2\): .*cut\.jpg: the picture is damaged: .*\n/,
  /images\[3\]\.file_name \(image 3\): .*text\.jpg: this is not a picture of a supported type .*\n/,
  /images\[4\]\.width \(image 4\): .*size\.png: the picture has 30x40 pixels, but .* 40x30\n/,
  new RegExp(`images\\[5\\]\\.file_name \\(image 5\\): .*bomb\\.jpg: .* more than ${MAX_PIXELS} pixels\n`),
  /annotations\[8\]\.bbox \(image 7, annotation 9\): the box \[5,5,-1,9\] has a negative width or height\n/,
];

test('everything that is wrong is listed: of the file and of the pictures, by check, train and evaluate', async () => {
  const set = { images, categories, annotations };
  expect(await check(set)).toBe(2);
  expect(workplace.stdout).toBe('');
  expect(workplace.stderr).toContain('set.json: 7 problems:\n');
  for (const line of listed) expect(workplace.stderr).toMatch(line);

  const [file, folder, output] = ['set.json', 'pictures', 'refused'].map((name) => workplace.at(name));
  workplace.stderr = '';
  expect(await workplace.train(output, '--train-annotations', file, '--train-images', folder)).toBe(2);
  for (const line of listed) expect(workplace.stderr).toMatch(line);
  expect(existsSync(output)).toBe(false);
  workplace.stderr = '';
  const wrongVal = ['--val-annotations', workplace.at('none.json'), '--val-images', folder];
  const wrongTrain = ['--train-annotations', file, '--train-images', folder];
  expect(await workplace.train(output, ...wrongTrain, ...wrongVal)).toBe(2);
  for (const line of [...listed, /\n\n.*none\.json: [^\n]*\n$/]) expect(workplace.stderr).toMatch(line);
  expect(existsSync(output)).toBe(false);
  workplace.stderr = '';
  const weights = workplace.at('weights.safetensors');
  const detector = createDetector('fasterrcnn_tiny_fpn', { categories: ['thing'], seed: 0 });
  saveDetector(detector, weights);
  detector.dispose();
  expect(await main(['evaluate', '--weights', weights, '--annotations', file, '--images', folder])).toBe(2);
  for (const line of listed) expect(workplace.stderr).toMatch(line);
});

test('--skip-invalid does without: check says what, training records it', async () => {
  expect(await check({ images, categories, annotations }, '--skip-invalid')).toBe(0);
  expect(workplace.stdout).toMatch(
    /^images: +1\nboxes: +1\ncategories: 1\nleft out: 7 images, 8 annotations\n/,
  );
  for (const line of listed) expect(workplace.stdout).toMatch(line);
  expect(workplace.stdout).toMatch(/annotations\[1\] \(image 1, annotation 2\): its image is left out\n/);

  const [file, folder, output] = ['set.json', 'pictures', 'skipping'].map((name) => workplace.at(name));
  const sets = ['--train-annotations', file, '--train-images', folder];
  expect(await workplace.train(output, ...sets, '--skip-invalid', '--iterations', '1')).toBe(0);
  expect(workplace.stderr).toContain('set.json: left out as invalid: 7 images, 8 annotations\n');
  const [record, ...others] = JSON.parse(readFileSync(path.join(output, 'left-out.json'), 'utf8')) as {
    leftOut: { kind: string }[];
  }[];
  expect(others).toEqual([]);
  expect(record).toMatchObject({ file, images: 7, annotations: 8 });
  expect(record.leftOut.map(({ kind }) => kind).sort()).toEqual(
    [
      ['box', 'file name', 'missing picture', 'picture size', 'too large picture', 'incomplete image'],
      Array<string>(2).fill('unreadable picture'),
      Array<string>(7).fill('image left out'),
    ]
      .flat()
      .sort(),
  );
  expect(record.leftOut).toContainEqual({
    kind: 'missing picture',
    imageId: 1,
    place: 'images[1].file_name',
    reason: `${path.join(folder, 'missing.jpg')}: there is no such file`,
  });
  expect(readFileSync(path.join(output, 'config.yaml'), 'utf8')).toContain('skipInvalid: true');
  expect(readdirSync(output)).toContain('report.html');
});

test('a run may go on without what has become invalid; both sets are recorded', async () => {
  const [bad, folder, output] = ['set.json', 'pictures', 'going on'].map((name) => workplace.at(name));
  expect(await check({ images, categories, annotations }, '--skip-invalid')).toBe(0);
  const good = workplace.at('good.json');
  writeFileSync(
    good,
    JSON.stringify({ images: images.slice(0, 1), categories, annotations: annotations.slice(0, 1) }),
  );
  const pictures = ['--train-images', folder];
  expect(await workplace.train(output, '--train-annotations', good, ...pictures, '--iterations', '1')).toBe(
    0,
  );
  const record = path.join(output, 'left-out.json');
  expect(existsSync(record)).toBe(false);

  const goOn = ['train', '--output', output, '--resume', '--iterations', '2', '--train-annotations', bad];
  expect(await main(goOn)).toBe(2);
  const val = ['--val-annotations', good, '--val-images', folder];
  expect(await main([...goOn, ...val, '--skip-invalid'])).toBe(0);
  expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject([
    { file: bad, images: 7, annotations: 8 },
    { file: good, images: 0, annotations: 0, leftOut: [] },
  ]);
});

test('a kind that is wrong throughout is listed 20 times and counted', async () => {
  const missing = Array.from({ length: 25 }, (_, id) => ({ id: id + 100, file_name: `${id}.jpg`, ...size }));
  expect(await check({ images: [images[0], ...missing], categories, annotations: [] })).toBe(2);
  expect(workplace.stderr.match(/there is no such file/g)).toHaveLength(20);
  expect(workplace.stderr).toContain('... and 5 more of the kind "missing picture"\n');
});

test.each<[string, object | string, string[], RegExp]>([
  [
    'no JSON',
    '{"images": [\n{"id": 1',
    [],
    /^[^\n]*set\.json, line 2, column 9: this is not JSON: [^\n]*\n$/,
  ],
  ['no JSON, skipping', '{', ['--skip-invalid'], /this is not JSON/],
  ['no object', { images: images.slice(0, 1), categories, annotations: [] }, [], /no image has an object/],
  [
    'no good image',
    { images: images.slice(1, 7), categories, annotations },
    ['--skip-invalid'],
    /none of them is valid/,
  ],
  [
    'no good object',
    { images: [images[0], images[7]], categories, annotations: annotations.slice(7) },
    ['--skip-invalid'],
    /negative width[^]*no image has an object/,
  ],
  [
    'no folder',
    { images, categories, annotations },
    ['--images', 'nowhere'],
    /^nowhere: there is no such folder of pictures\n\n[^]*leads out of the folder[^]*negative width/,
  ],
])('%s is refused', async (_, content, more, message) => {
  expect(await check(content, ...more)).toBe(2);
  expect(workplace.stderr).toMatch(message);
  expect(workplace.stdout).toBe('');
});

test('a validation set has objects too', async () => {
  const file = workplace.at('no-objects.json');
  writeFileSync(file, JSON.stringify({ images: images.slice(0, 1), categories, annotations: [] }));
  const val = ['--val-annotations', file, '--val-images', workplace.at('pictures')];
  expect(await workplace.train(workplace.at('refused'), ...val)).toBe(2);
  expect(workplace.stderr).toMatch(/no-objects\.json: annotations: no image has an object\.\n$/);
});

test('of more than 2000 pictures training reads the headers only; check decodes them all', async () => {
  const many = Array.from({ length: 2001 }, (_, id) => ({ id, fileName: 'cut.jpg', ...size }));
  const refusals = async (decodeAll: boolean, maxSeconds = Infinity): Promise<string[]> => {
    const found: string[] = [];
    await checkPictures(
      workplace.at('pictures'),
      [...many, { id: 9999, fileName: 'missing.jpg', ...size }],
      ({ id }, kind) => found.push(`${kind} ${id}`),
      { decodeAll, maxSeconds },
    );
    return found;
  };
  expect(await refusals(false)).toEqual(['missing picture 9999']);
  expect(await refusals(true)).toEqual([
    ...many.map(({ id }) => `unreadable picture ${id}`),
    'missing picture 9999',
  ]);
  expect(workplace.stderr).toContain('checking pictures 2002/2002');
  // When the time is up, of the remaining ones headers are read all the same.
  expect(await refusals(true, 0)).toEqual(['missing picture 9999']);
  expect(workplace.stderr).toMatch(/pictures: 0 of 2002 pictures have been decoded in 0\.0 s;/);
});

test('16-bit pictures that use few of their bits are told, once for the set', async () => {
  const data = Buffer.from(Uint16Array.of(0, 700).buffer);
  const options = { bitDepth: 16, colorType: 0, inputColorType: 0, inputHasAlpha: false } as const;
  const png = PNG.sync.write(Object.assign(new PNG({ width: 2, height: 1 }), { data }), options);
  const names = ['dark-1.png', 'dark-2.png'];
  for (const name of names) writeFileSync(workplace.at('pictures', name), png);
  const dark = names.map((fileName, id) => ({ id, fileName, width: 2, height: 1 }));
  const refused: string[] = [];
  await checkPictures(workplace.at('pictures'), dark, ({ fileName }) => refused.push(fileName), {
    decodeAll: false,
    maxSeconds: Infinity,
  });
  expect(refused).toEqual([]);
  expect(workplace.stderr.match(/pictures: 16-bit pictures have values up to 700 of 65535/g)).toHaveLength(1);
});

describe('masks and keypoints', () => {
  const object = annotations[0];
  const polygon = [5, 5, 15, 5, 15, 15, 6, 12];
  const set = (objects: readonly object[], category: object = { keypoints: ['a', 'b'] }): object => ({
    images: images.slice(0, 1),
    categories: [{ ...categories[0], ...category }],
    annotations: objects.map((each, k) => ({ ...object, id: k + 1, ...each })),
  });
  const wrong = set([
    { segmentation: [polygon, [1, 2, 3, 4]] },
    { segmentation: { size: [30, 40], counts: [1199] } },
    { segmentation: { size: [29, 40], counts: [1160] } },
    { keypoints: [6, 6, 2] },
    { keypoints: [6, 6, 2, 7, 7, 5] },
  ]);

  test('are counted, and what is odd about them is told', async () => {
    const keypoints = { keypoints: [6, 6, 2, 7, 7, 0], num_keypoints: 2 };
    expect(await check(set([{ segmentation: [polygon] }, { segmentation: [], ...keypoints }]))).toBe(0);
    expect(workplace.stdout).toMatch(/^boxes: {6}2\nmasks: {6}1\nkeypoints: {2}1\n/m);
    expect(workplace.stdout).toMatch(/note: 1 of the annotations have a "num_keypoints" .*\(id 2: 2 for 1\)/);
    expect(workplace.stdout).toContain('can put right: num_keypoints: 1\n');
  });

  test('are refused with their places and what to do', async () => {
    expect(await check(wrong)).toBe(2);
    for (const line of [
      'annotations[0].segmentation[1] (image 0, annotation 1): the polygon has 2 corners: 3 are the fewest',
      'annotations[1].segmentation (image 0, annotation 2): the runs of the mask add up to 1199 pixels; 30 x 40 has 1200',
      'annotations[2].segmentation (image 0, annotation 3): the size of the run-length mask, [height, width], is [29, 40]; that of its image is [30, 40]',
      'annotations[3].keypoints (image 0, annotation 4): the list has 3 numbers; 6 are expected for the 2 keypoints of its category',
      'annotations[4].keypoints[5] (image 0, annotation 5): the visibility of keypoint 2 is 5, neither 0',
      'Masks and keypoints that cannot be put right: draw them again, or remove',
      'Detectors that find boxes alone train on the file as it is: `--model fasterrcnn_resnet50_fpn` checks for one.',
    ]) {
      expect(workplace.stderr).toContain(line);
    }
    expect(await check(set([{}], { keypoints: ['a', 'b'], skeleton: [[1, 3]] }))).toBe(2);
    expect(workplace.stderr).toMatch(/categories\[0\]\.skeleton\[0\]: this is \[1,3\]; .* from 1 to 2/);
  });

  test('are not looked at for a detector of boxes', async () => {
    expect(await check(wrong, '--model', 'fasterrcnn_tiny_fpn')).toBe(0);
    expect(workplace.stdout).toBe('images:     1\nboxes:      5\ncategories: 1\n');
  });

  test('are put right where they have one meaning', async () => {
    const corners = [
      [5, 5],
      [15, 5],
      [15, 15],
    ];
    const clean = workplace.at('clean.json');
    expect(await check(set([{ segmentation: corners, bbox: null }]), '--repair', clean)).toBe(0);
    expect(JSON.parse(readFileSync(clean, 'utf8'))).toEqual(
      set([{ segmentation: [corners.flat()], bbox: [5, 5, 10, 10] }]),
    );
    expect(await check(wrong, '--repair', workplace.at('none.json'))).toBe(2);
    expect(existsSync(workplace.at('none.json'))).toBe(false);
    expect(workplace.stderr).toContain('Detectors that find boxes alone train on the file as it is');
  });
});
