import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { AnnotationError, type CocoDataset } from '../../../datasets/coco/annotations';
import { readCocoDataset, type CocoReadOptions } from '../../../datasets/coco/read-dataset';
import { JsonFileError } from '../../../datasets/coco/json/json-file';
import { rejectionOf } from '../../thrown';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skip-invalid-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function readText(text: string, options: CocoReadOptions = {}): Promise<CocoDataset> {
  const file = join(folder, 'instances.json');
  writeFileSync(file, text);
  return readCocoDataset(file, 'images', options);
}

const valid = {
  images: [
    { id: 7, file_name: 'b.jpg', width: 100, height: 80 },
    { id: 3, file_name: 'a.jpg', width: 50, height: 40 },
    { id: 5, file_name: 'c.jpg', width: 30, height: 30 },
  ],
  categories: [
    { id: 90, name: 'toothbrush' },
    { id: 2, name: 'bicycle' },
  ],
  annotations: [
    { id: 11, image_id: 7, category_id: 90, bbox: [10, 20, 30, 40], area: 600, iscrowd: 0 },
    { id: 12, image_id: 7, category_id: 2, bbox: [1.5, 2.5, 3, 4], area: 12, iscrowd: 0 },
    { id: 13, image_id: 3, category_id: 2, bbox: [0, 0, 50, 40], area: 2000, iscrowd: 1 },
    { id: 14, image_id: 5, category_id: 2, bbox: [-1, 5, 4, 4] },
  ],
};

/** The data set as a file again. */
function asFile({ images, categories, annotations }: CocoDataset): string {
  return JSON.stringify({
    images: images.map(({ id, fileName, width, height }) => ({ id, file_name: fileName, width, height })),
    categories,
    annotations: annotations.map(({ id, imageId, categoryId, bbox, area, isCrowd }) => ({
      id,
      image_id: imageId,
      category_id: categoryId,
      bbox,
      area,
      iscrowd: Number(isCrowd),
    })),
  });
}

describe('what is invalid is left out', () => {
  const skipInvalid = true;
  const imageIds = ({ images }: CocoDataset): number[] => images.map(({ id }) => id);
  const annotationIds = ({ annotations }: CocoDataset): number[] => annotations.map(({ id }) => id);

  it('nothing of a valid file', async () => {
    const dataset = await readText(JSON.stringify(valid), { skipInvalid });
    expect(dataset.leftOut).toEqual({ images: 0, annotations: 0, problems: [] });
    expect(asFile(dataset)).toBe(asFile(await readText(JSON.stringify(valid))));
  });

  it('an image with its annotations; an annotation with its image and the others there; each is told', async () => {
    const content = structuredClone(valid);
    content.images[0].width = 0;
    content.annotations[1].bbox = [1, 2, -3, 4];
    content.annotations[3].category_id = 4;
    content.annotations.push({ ...valid.annotations[3], id: 15 });
    const dataset = await readText(JSON.stringify(content), { skipInvalid });
    expect(imageIds(dataset)).toEqual([3]);
    expect(annotationIds(dataset)).toEqual([13]);
    expect(dataset.leftOut).toEqual({
      images: 2,
      annotations: 4,
      problems: [
        {
          kind: 'size',
          place: 'images[0].width',
          imageId: 7,
          reason: 'it is 0, not a whole number from 1 up',
        },
        {
          kind: 'box',
          place: 'annotations[1].bbox',
          imageId: 7,
          annotationId: 12,
          reason: 'the box [1,2,-3,4] has a negative width or height',
        },
        {
          kind: 'unknown category',
          place: 'annotations[3].category_id',
          imageId: 5,
          annotationId: 14,
          reason: 'there is no category 4',
        },
        {
          kind: 'incomplete image',
          place: 'images[2]',
          imageId: 5,
          reason: 'annotations[3] is left out: an object of this image would count as background',
        },
        {
          kind: 'image left out',
          place: 'annotations[0]',
          imageId: 7,
          annotationId: 11,
          reason: 'its image is left out',
        },
        {
          kind: 'image left out',
          place: 'annotations[4]',
          imageId: 5,
          annotationId: 15,
          reason: 'its image is left out',
        },
      ],
    });
  });

  it('images whose annotation ids have been given to others before: no object of theirs becomes background', async () => {
    const annotations = [7, 3, 5].flatMap((imageId) =>
      [1, 2].map((id) => ({
        id,
        image_id: imageId,
        category_id: 2,
        bbox: [1, 1, 9, 9],
        area: 81,
        iscrowd: 0,
      })),
    );
    const dataset = await readText(JSON.stringify({ ...valid, annotations }), { skipInvalid });
    expect(imageIds(dataset)).toEqual([7]);
    expect(dataset.annotations.map(({ imageId }) => imageId)).toEqual([7, 7]);
    expect(dataset.leftOut).toMatchObject({ images: 2, annotations: 4 });
  });

  it('a second entry of one object alone', async () => {
    const [first] = valid.annotations;
    const twice = { ...valid, annotations: [...valid.annotations, { ...first, area: 601 }] };
    const dataset = await readText(JSON.stringify(twice), { skipInvalid });
    expect(imageIds(dataset)).toEqual([3, 5, 7]);
    expect(dataset.leftOut).toMatchObject({
      images: 0,
      annotations: 1,
      problems: [{ kind: 'duplicate id' }],
    });
    const other = { ...valid, annotations: [...valid.annotations, { ...first, bbox: [11, 20, 30, 40] }] };
    expect(imageIds(await readText(JSON.stringify(other), { skipInvalid }))).toEqual([3, 5]);
  });

  it.each<[string, unknown, string]>([
    ['without an image', { ...valid.annotations[0], id: 99, image_id: undefined }, 'annotations[4].image_id'],
    ['with its image as text', { ...valid.annotations[0], id: 99, image_id: '7' }, 'annotations[4].image_id'],
    ['that is nothing', null, 'annotations[4]'],
  ])('but not an annotation %s: any image might have lost an object', async (_, entry, place) => {
    const content = { ...valid, annotations: [...valid.annotations, entry, { id: 100, image_id: 99 }] };
    const error = (await rejectionOf(readText(JSON.stringify(content), { skipInvalid }))) as AnnotationError;
    expect(error.problems.map((problem) => problem.place)).toEqual([place]);
    expect(error.message).toMatch(/\nWhat does not say of which image it is cannot be left out: /);
  });

  it('both of two pictures with one id, since annotations could mean either; one of two equal entries', async () => {
    const two = { ...valid, images: [...valid.images, { ...valid.images[1], file_name: 'd.jpg' }] };
    const dataset = await readText(JSON.stringify(two), { skipInvalid });
    expect(imageIds(dataset)).toEqual([5, 7]);
    expect(dataset.leftOut).toMatchObject({ images: 2, annotations: 1 });
    expect(dataset.leftOut.problems.map(({ place }) => place)).toEqual([
      'images[3].id',
      'images[1].id',
      'annotations[2]',
    ]);

    const equal = { ...valid, images: [...valid.images, valid.images[1]] };
    const whole = await readText(JSON.stringify(equal), { skipInvalid });
    expect(imageIds(whole)).toEqual([3, 5, 7]);
    expect(whole.leftOut).toMatchObject({ images: 1, annotations: 0, problems: [{ place: 'images[3].id' }] });
  });

  it('an image whose picture cannot be used, and its place is told', async () => {
    const seen: number[] = [];
    const dataset = await readText(JSON.stringify(valid), {
      skipInvalid,
      checkImages: (images, refuse) => {
        seen.push(...images.map(({ id }) => id));
        refuse(images[2], 'missing picture', 'file_name', 'there is no such file');
        return Promise.resolve(new Map<number, never>());
      },
    });
    expect(seen).toEqual([3, 5, 7]);
    expect(imageIds(dataset)).toEqual([3, 5]);
    expect(dataset.leftOut.problems[0]).toEqual({
      kind: 'missing picture',
      place: 'images[0].file_name',
      imageId: 7,
      reason: 'there is no such file',
    });
  });

  it('and all of it is told, however much that is', async () => {
    const annotations = Array.from({ length: 50 }, (_, id) => ({ id, image_id: 99, category_id: 2 }));
    const dataset = await readText(JSON.stringify({ ...valid, annotations }), { skipInvalid });
    expect(dataset.leftOut.annotations).toBe(50);
    expect(dataset.leftOut.problems).toHaveLength(100);
  });

  it.each<[string, object, string[]]>([
    ['a file without images', { ...valid, images: undefined }, ['images']],
    ['wrong categories', { ...valid, categories: [{ id: 2 }] }, ['categories[0].name']],
    [
      'no image that is valid',
      { ...valid, images: [{ id: 3 }] },
      ['images[0].width', 'images[0].height', 'images'],
    ],
  ])('but not %s', async (_, content, places) => {
    const error = await rejectionOf(readText(JSON.stringify(content), { skipInvalid }));
    expect(error).toBeInstanceOf(AnnotationError);
    const found = (error as AnnotationError).problems.map(({ place }) => place);
    expect(found).toEqual(expect.arrayContaining(places));
  });
});

type Path = readonly (string | number)[];
type Node = Record<string | number, unknown>;

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...steps.flatMap((step) => pathsOf((value as Node)[step], [...path, step]))];
}

/** Replaces, removes or repeats what is at one place. */
const mutation = fc.record({
  // Far enough for each place of the file above; taken modulo what is left of it.
  at: fc.nat(200),
  how: fc.oneof({ weight: 4, arbitrary: fc.constant('replace') }, fc.constantFrom('remove', 'repeat')),
  value: fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(null, -1, 0, 1, 2, 3, 7, 11, 0.5, 2 ** 53, 1e308, '', '../x.jpg', '/x', [], {}),
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 4, maxLength: 4 }),
  ),
});

function mutate(root: unknown, { at, how, value }: { at: number; how: string; value: unknown }): unknown {
  const paths = pathsOf(root);
  const path = paths[at % paths.length];
  const last = path.at(-1);
  if (last === undefined) return how === 'replace' ? value : root;
  const parent = path.slice(0, -1).reduce((node, step) => (node as Node)[step], root);
  if (how === 'replace') (parent as Node)[last] = value;
  else if (!Array.isArray(parent)) delete (parent as Node)[last];
  else if (how === 'remove') parent.splice(Number(last), 1);
  else parent.push(structuredClone((parent as unknown[])[Number(last)]));
  return root;
}

/** A file with a few things changed in its data, or one place in its text. */
const mutated = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(mutation, { minLength: 1, maxLength: 4 })
      .map((mutations) => JSON.stringify(mutations.reduce<unknown>(mutate, structuredClone(valid)))),
  },
  fc.nat().map((at) => JSON.stringify(valid).slice(0, at % JSON.stringify(valid).length)),
  fc.tuple(fc.nat(), fc.constantFrom('"', '{', ']', ',', '-', '9', 'e', '\\', ' ')).map(([at, character]) => {
    const text = JSON.stringify(valid);
    const place = at % text.length;
    return text.slice(0, place) + character + text.slice(place + 1);
  }),
);

async function outcome(
  reading: Promise<CocoDataset>,
): Promise<CocoDataset | AnnotationError | JsonFileError> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof AnnotationError || error instanceof JsonFileError) return error;
    throw error;
  }
}

test('any change of a valid file gives a valid data set or a list of problems; skipping leaves a valid one', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, fc.subarray([3, 5, 7]), async (text, unusable) => {
      const checkImages: CocoReadOptions['checkImages'] = (images, refuse) => {
        for (const image of images.filter(({ id }) => unusable.includes(id))) {
          refuse(image, 'missing picture', 'file_name', 'there is no such file');
        }
        return Promise.resolve(new Map<number, never>());
      };
      const strict = await outcome(readText(text, { checkImages }));
      if (strict instanceof AnnotationError) {
        expect(strict.problems.length).toBeGreaterThan(0);
        for (const { place, reason } of strict.problems) {
          expect(strict.message).toContain(place);
          expect(strict.message).toContain(reason);
        }
      }
      const skipping = await outcome(readText(text, { checkImages, skipInvalid: true }));
      if (skipping instanceof Error) {
        expect(strict).toBeInstanceOf(skipping.constructor);
        return;
      }
      const { images, annotations, leftOut } = skipping;
      expect(asFile(await readText(asFile(skipping)))).toBe(asFile(skipping));
      if (!(strict instanceof Error)) expect(asFile(skipping)).toBe(asFile(strict));
      expect(leftOut.problems.length > 0).toBe(strict instanceof Error);

      const root = JSON.parse(text) as { images: unknown[]; annotations: unknown[] };
      expect(images.length + leftOut.images).toBe(root.images.length);
      expect(annotations.length + leftOut.annotations).toBe(root.annotations.length);
      // Each thing that is left out has a reason, and nothing else has.
      const entries = leftOut.problems.map(({ place }) => /^(images|annotations)\[\d+\]/.exec(place)!);
      const numOf = (list: string): number =>
        new Set(entries.filter(([, name]) => name === list).map(([entry]) => entry)).size;
      expect([numOf('images'), numOf('annotations')]).toEqual([leftOut.images, leftOut.annotations]);
    }),
    { numRuns: 500 },
  );
});
