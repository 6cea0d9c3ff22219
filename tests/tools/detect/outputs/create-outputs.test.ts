import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { StagedFiles } from '../../../../detection/files/staged-files';
import { createOutputs, type WantedOutputs } from '../../../../tools/detect/outputs/create-outputs';
import type { FoundPicture } from '../../../../tools/detect/outputs/found-picture';
import { categories, emptyPicture, foundPicture, foundWithKeypoints, foundWithMasks } from './found';

let folder: string;
let stderr: string;
const at = (...names: string[]): string => path.join(folder, ...names);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outputs-'));
  mkdirSync(at('in', 'b'), { recursive: true });
  for (const name of ['in/7.jpg', 'in/b/08.png', 'in/b/08.jpg']) writeFileSync(at(name), '');
  stderr = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Writes pictures; what is printed. */
async function written(wanted: WantedOutputs, found: readonly FoundPicture[]): Promise<string> {
  const staged = new StagedFiles();
  const inputs = found.map(({ input }) => input);
  const outputs = await createOutputs(wanted, inputs, staged);
  for (const output of outputs) output.begin?.(categories);
  for (const output of outputs) for (const each of found) await output.add(each);
  const printed = outputs.map((output) => output.finish() ?? '').join('');
  staged.publish();
  return printed;
}

const some = (): FoundPicture[] => [
  foundPicture(at('in/7.jpg'), '7.jpg'),
  emptyPicture(at('in/b/08.png'), 'b/08.png'),
];
const read = (...names: string[]): string => readFileSync(at(...names), 'utf8');

test('csv: a row for each object, quoted where need be', async () => {
  const file = at('in/7.jpg');
  expect(await written({ format: 'csv' }, some())).toBe(
    'file,width,height,xmin,ymin,xmax,ymax,score,category_id,category\n' +
      `${file},40,20,10,5,30,15,0.75,8,../x\n` +
      `${file},40,20,0.5,0.25,4,20,0.5,3,"a ""dog"", big"\n`,
  );
});

test('yolo: classes from 0 and shares of the picture, a file for each picture and one of the names', async () => {
  const printed = await written({ format: 'yolo', results: at('labels') }, some());
  expect(printed).toMatch(/7\.jpg: 2 objects\n {2}0\.750 [^]*08\.png: 0 objects\n$/);
  expect(readdirSync(at('labels'), { recursive: true })).toEqual(['7.txt', 'b', 'classes.txt', 'b/08.txt']);
  expect(read('labels', '7.txt')).toBe('1 0.5 0.5 0.5 0.5\n0 0.05625 0.50625 0.0875 0.9875\n');
  expect(read('labels', 'b', '08.txt')).toBe('');
  expect(read('labels', 'classes.txt')).toBe('a "dog", big\n../x\n');

  await written({ format: 'yolo-conf', results: at('scored') }, some());
  expect(read('scored', '7.txt')).toBe('1 0.5 0.5 0.5 0.5 0.75\n0 0.05625 0.50625 0.0875 0.9875 0.5\n');
});

test('labelme: a file beside none but its own picture', async () => {
  await written({ format: 'labelme', results: at('in') }, some());
  expect(JSON.parse(read('in', '7.json'))).toMatchObject({
    imagePath: '7.jpg',
    imageWidth: 40,
    imageHeight: 20,
    imageData: null,
    shapes: [
      { label: '../x', shape_type: 'rectangle', score: 0.75, points: [[10, 5], [30, 15]] }, // prettier-ignore
      { label: 'a "dog", big', shape_type: 'rectangle', score: 0.5, points: [[0.5, 0.25], [4, 20]] }, // prettier-ignore
    ],
  });
  expect(JSON.parse(read('in', 'b', '08.json'))).toMatchObject({ imagePath: '08.png', shapes: [] });
});

describe('masks and keypoints', () => {
  const file = () => at('in/7.jpg');

  test('yolo: an outline in place of the box, or keypoints behind it', async () => {
    await written({ format: 'yolo', results: at('labels') }, [foundWithMasks(file(), '7.jpg')]);
    const [first, second] = read('labels', '7.txt').split('\n');
    const corners = first.split(' ').slice(1).map(Number);
    // From part to part along y = 10, and back.
    expect(corners.map((value, i) => value * [40, 20][i % 2])).toEqual([
      ...[12, 6, 12, 10, 14, 10, 20, 10, 22, 10, 22, 6, 20, 6, 20, 10, 14, 10, 14, 6],
    ]);
    expect(second).toBe('0 0.0125 0.0125 0.0125 1 0.1 1 0.1 0.0125'); // the box of an empty mask
    await written({ format: 'yolo-conf', results: at('poses') }, [foundWithKeypoints(file(), '7.jpg')]);
    expect(read('poses', '7.txt')).toBe(
      '1 0.5 0.5 0.5 0.5 0.25 0.25 2 0 0 0 0.75\n' +
        '0 0.05625 0.50625 0.0875 0.9875 0.025 0.75 2 0.1 1 2 0.5\n',
    );
    expect(stderr).toBe('');
    const { keypoints, detections } = foundWithKeypoints(file(), '7.jpg');
    const masked = foundWithMasks(file(), '7.jpg');
    const both = { ...masked, keypoints, detections: { ...detections, ...masked.detections } };
    await written({ format: 'yolo', results: at('both') }, [both]);
    expect(read('both', '7.txt')).toBe(read('labels', '7.txt'));
    expect(stderr).toContain('outlines or keypoints, not both');
  });

  test('labelme: a polygon for each part, a point for each keypoint, together by group_id', async () => {
    const shapes = async (found: FoundPicture) => {
      await written({ format: 'labelme', results: at('labels') }, [found]);
      const content = JSON.parse(read('labels', '7.json')) as { shapes: Record<string, unknown>[] };
      return content.shapes.map(({ label, shape_type, points, group_id }) => [
        ...[label, shape_type, points, group_id],
      ]);
    };
    expect(await shapes(foundWithMasks(file(), '7.jpg'))).toEqual([
      ['../x', 'polygon', [[12, 6], [12, 10], [14, 10], [14, 6]], 1], // prettier-ignore
      ['../x', 'polygon', [[20, 6], [20, 10], [22, 10], [22, 6]], 1], // prettier-ignore
      ['a "dog", big', 'rectangle', [[0.5, 0.25], [4, 20]], null], // prettier-ignore
    ]);
    expect((await shapes(foundWithKeypoints(file(), '7.jpg'))).slice(0, 3)).toEqual([
      ['../x', 'rectangle', [[10, 5], [30, 15]], 1], // prettier-ignore
      ['head', 'point', [[10, 5]], 1],
      ['a "dog", big', 'rectangle', [[0.5, 0.25], [4, 20]], 2], // prettier-ignore
    ]);
  });

  test('json and coco: run lengths, or polygons where they are asked for', async () => {
    const segmentations = async (wanted: WantedOutputs) => {
      const printed = await written({ format: 'coco', json: at('found.json'), ...wanted }, [
        foundWithMasks(file(), '7.jpg'),
      ]);
      const json = JSON.parse(read('found.json')) as [{ detections: { segmentation: unknown }[] }];
      const coco = JSON.parse(printed) as { segmentation: unknown }[];
      const own = coco.map(({ segmentation }) => segmentation);
      expect(json[0].detections.map(({ segmentation }) => segmentation)).toEqual(own);
      return own;
    };
    const empty = { size: [20, 40], counts: expect.any(String) as unknown };
    expect(await segmentations({})).toEqual([empty, empty]);
    expect(await segmentations({ masks: 'polygons' })).toEqual([
      [
        [12, 6, 12, 10, 14, 10, 14, 6],
        [20, 6, 20, 10, 22, 10, 22, 6],
      ],
      empty,
    ]);
    await expect(written({ masks: 'polygons' }, some())).rejects.toMatchObject({ code: 'options-conflict' });
  });

  test('coco, in the frame of annotations of stored pictures: masks and keypoints are turned with the boxes', async () => {
    const picture = sharp({ create: { width: 20, height: 40, channels: 3, background: 'red' } });
    await picture.withMetadata({ orientation: 6 }).toFile(file());
    const images = [{ id: 5, file_name: '7.jpg', width: 20, height: 40 }];
    writeFileSync(at('truth.json'), JSON.stringify({ images }));
    const wanted = { format: 'coco', annotations: at('truth.json'), masks: 'polygons' } as const;
    const first = async (found: FoundPicture) =>
      (JSON.parse(await written(wanted, [found])) as Record<string, unknown>[])[0];
    const { segmentation } = await first(foundWithMasks(file(), '7.jpg'));
    // What is 12 from the left as shown is 12 from the bottom as stored; 6 from the top, 6 from the left.
    expect((segmentation as number[][])[0]).toEqual([6, 28, 10, 28, 10, 26, 6, 26]);
    const { keypoints } = await first(foundWithKeypoints(file(), '7.jpg'));
    expect(keypoints).toEqual([5, 30, 1, 10, 20, 1]);
  });
});

test('two pictures of one name get files of two, and that is told', async () => {
  const pictures = ['b/08.png', 'b/08.jpg'].map((name) => foundPicture(at('in', name), name));
  await written({ format: 'yolo', results: at('labels') }, pictures);
  expect(readdirSync(at('labels', 'b'))).toEqual(['08-2.txt', '08.txt']);
  expect(stderr).toContain(`${at('labels/b/08-2.txt')} is of ${at('in/b/08.jpg')}\n`);
});

describe('coco', () => {
  const results = async (wanted: WantedOutputs, found: FoundPicture[]) =>
    JSON.parse(await written({ format: 'coco', ...wanted }, found)) as Record<string, unknown>[];

  test('has the ids that pictures are named by', async () => {
    expect(await results({}, [...some(), foundPicture(at('in/b/08.jpg'), 'b/9.jpg')])).toEqual(
      [7, 7, 9, 9].map((image_id, k) => ({
        image_id,
        file_name: ['7.jpg', 'b/9.jpg'][k >> 1],
        ...[
          { bbox: [10, 5, 20, 10], score: 0.75, category_id: 8 },
          { bbox: [0.5, 0.25, 3.5, 19.75], score: 0.5, category_id: 3 },
        ][k & 1],
      })),
    );
    expect(stderr).toBe('');
  });

  test('counts where two have one number, and says so', async () => {
    const found = ['in/b/08.png', 'in/b/08.jpg'].map((name) => foundPicture(at(name), path.basename(name)));
    expect((await results({}, found)).map(({ image_id }) => image_id)).toEqual([1, 1, 2, 2]);
    expect(stderr).toContain('ids are 1 to 2 in their order');
  });

  test('takes ids of a data set: by the whole name, by the end of the path, by the file’s name', async () => {
    const truth = {
      images: [
        { id: 11, file_name: '7.jpg' },
        { id: 12, file_name: 'in\\b\\08.png' },
        { id: 13, file_name: 'elsewhere/08.jpg' },
      ],
      annotations: [{ id: 1 }],
    };
    writeFileSync(at('truth.json'), JSON.stringify(truth));
    const found = ['in/7.jpg', 'in/b/08.png', 'in/b/08.jpg'].map((name) => foundPicture(at(name), name));
    expect((await results({ annotations: at('truth.json') }, found)).map(({ image_id }) => image_id)).toEqual(
      [11, 11, 12, 12, 13, 13],
    );
  });

  test('are written in the frame of the annotations', async () => {
    const picture = sharp({ create: { width: 20, height: 40, channels: 3, background: 'red' } });
    await picture.withMetadata({ orientation: 6 }).toFile(at('in/7.jpg'));
    const boxOf = async (size: { width: number; height: number }): Promise<unknown> => {
      writeFileSync(at('truth.json'), JSON.stringify({ images: [{ id: 5, file_name: '7.jpg', ...size }] }));
      const [first] = await results({ annotations: at('truth.json') }, [
        foundPicture(at('in/7.jpg'), '7.jpg'),
      ]);
      return first.bbox;
    };
    expect(await boxOf({ width: 40, height: 20 })).toEqual([10, 5, 20, 10]);
    expect(stderr).toBe('');
    expect(await boxOf({ width: 20, height: 40 })).toEqual([5, 10, 10, 20]);
    expect(stderr).toContain('truth.json: 1 picture was annotated as stored');
  });

  test('takes the ids of a data set’s categories by their names, and says so', async () => {
    const withCategories = async (named: readonly object[]): Promise<unknown> => {
      const truth = { images: [{ id: 5, file_name: '7.jpg' }], categories: named };
      writeFileSync(at('truth.json'), JSON.stringify(truth));
      const found = await results({ annotations: at('truth.json') }, [foundPicture(at('in/7.jpg'), '7.jpg')]);
      return found.map(({ category_id }) => category_id);
    };
    expect(await withCategories([{ id: 3, name: '../x' }, { id: 9, name: 'a "dog", big' }])).toEqual([3, 9]); // prettier-ignore
    expect(stderr).toMatch(/truth\.json: categories have other ids.*"\.\.\/x" \(8 there, 3 here\)\n/);
    stderr = '';
    // The dog's own id, 3, has another category here.
    expect(await withCategories([{ id: 3, name: 'fox' }, { id: 8, name: '../x' }])).toEqual([8, 1]); // prettier-ignore
    expect(stderr).toMatch(/truth\.json: lacks 1 of the detector's 2 categories/);
    await expect(withCategories([{ id: 3, name: 'fox' }])).rejects.toMatchObject({
      code: 'no-common-category',
    });
  });

  test.each([
    [{ images: [{ id: 1, file_name: 'x/7.jpg' }, { id: 2, file_name: 'y/7.jpg' }] }, 'image-id-missing'], // prettier-ignore
    [{ images: [{ id: 1.5, file_name: '7.jpg' }] }, 'no-image-ids'],
    [[], 'no-image-ids'],
  ])('refuses what does not tell the ids: %j', async (truth, code) => {
    writeFileSync(at('truth.json'), JSON.stringify(truth));
    await expect(results({ annotations: at('truth.json') }, some())).rejects.toMatchObject({ code });
  });
});

test('crops lie in folders of their categories', async () => {
  await written({ crops: at('crops') }, [...some(), foundPicture(at('in/b/08.jpg'), 'b/08.jpg')]);
  expect(readdirSync(at('crops'), { recursive: true }).sort()).toEqual([
    '__x',
    '__x/7-1.jpg',
    '__x/b',
    '__x/b/08-1.jpg',
    'a _dog_, big',
    'a _dog_, big/7-2.jpg',
    'a _dog_, big/b',
    'a _dog_, big/b/08-2.jpg',
  ]);
});

test('json with a line for each picture', async () => {
  await written({ json: at('found.jsonl') }, some());
  const lines = read('found.jsonl').trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { file: string }).file)).toEqual([
    at('in/7.jpg'),
    at('in/b/08.png'),
  ]);
});

test.each([
  [{ format: 'yolo' }, 'option-missing', '--results is missing'],
  [{ results: 'x' }, 'option-missing', '--format is missing'],
  [{ format: 'csv', annotations: 'x' }, 'option-missing', '--format is missing: coco'],
  [{ format: 'labelme', results: '@in/7.jpg' }, 'output-below-file', 'a folder is expected'],
  [{ format: 'csv', results: '@in' }, 'output-is-folder', 'is a folder'],
  [{ output: '@in' }, 'overwrites-input', 'would overwrite the picture'],
] as const)('%j is refused before the work', async (wanted, code, message) => {
  const inFolder = Object.entries(wanted).map(([key, value]) => [key, value.replace('@', `${folder}/`)]);
  const created = createOutputs(
    Object.fromEntries(inFolder) as WantedOutputs,
    some().map(({ input }) => input),
    new StagedFiles(),
  );
  await expect(created).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
});
