import { isUtf8 } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { readCocoDataset } from '../../../../datasets/coco/read-dataset';
import { findJsonFault, placeBehind, type TextPlace } from '../../../../datasets/coco/json/json-error';
import {
  JsonTextError,
  parseJson,
  type KeepEntry,
  type ReadBytes,
} from '../../../../datasets/coco/json/json-text';
import { writeLargeAnnotationFile } from '../../../../tools/benchmarks/large-annotation-file';

/** Reads bytes a few at a time. */
function readerOf(bytes: Uint8Array, atOnce = Infinity): ReadBytes {
  let position = 0;
  return (buffer) => {
    const some = bytes.subarray(position, position + Math.min(atOnce, buffer.length));
    buffer.set(some);
    position += some.length;
    return Promise.resolve(some.length);
  };
}

interface Outcome {
  readonly value?: unknown;
  /** Keys in their order, and -0, which toEqual would let pass. */
  readonly text?: string;
  readonly fault?: unknown;
}

async function inPieces(
  content: string | Uint8Array,
  bufferBytes?: number,
  atOnce?: number,
): Promise<Outcome> {
  try {
    const value = await parseJson(readerOf(Buffer.from(content), atOnce), undefined, bufferBytes);
    return { value, text: JSON.stringify(value) };
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    const { code, place, facts, message } = error;
    return { fault: { code, place, facts, message } };
  }
}

/** What JSON.parse of the whole text gives, or where it first goes wrong. */
function atOnce(text: string): Outcome {
  try {
    const value = JSON.parse(text) as unknown;
    return { value, text: JSON.stringify(value) };
  } catch {
    if (text.trim() === '')
      return {
        fault: { code: 'json-empty', place: undefined, facts: {}, message: expect.any(String) as unknown },
      };
    const { position, path, reason } = findJsonFault(text, { open: [], expected: 'value' });
    return {
      fault: {
        code: 'json-syntax',
        place: placeBehind(text, position, { line: 1, column: 1 }),
        facts: { path },
        message: expect.stringContaining(reason) as unknown,
      },
    };
  }
}

/** Values whose text is full of brackets, quotes, escapes and characters of two to four bytes. */
const strings = fc.string({
  unit: fc.constantFrom(
    'a',
    '"',
    '\\',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '\n',
    '\u0000',
    'ü',
    '日',
    '🙂',
    '\ud800',
  ),
  maxLength: 8,
});
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    strings,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, -0, 1e308),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(strings, fc.constantFrom('__proto__', '1', '0')), tie('value'), { maxKeys: 4 }),
  ),
}));
const texts = fc
  .tuple(values, fc.constantFrom(undefined, 1, '\t', '\r\n'))
  .map(([value, space]) =>
    JSON.stringify(value, null, space === '\r\n' ? 1 : space).replace(/\n/g, space === '\r\n' ? space : '\n'),
  );
const bufferSizes = fc.integer({ min: 1, max: 24 });

test('pieces of any size give what JSON.parse of the whole gives', async () => {
  await fc.assert(
    fc.asyncProperty(texts, bufferSizes, bufferSizes, async (text, bufferBytes, atOnceBytes) => {
      const whole = atOnce(text);
      expect(whole.fault).toBeUndefined();
      expect(await inPieces(text, bufferBytes, atOnceBytes)).toEqual(whole);
      expect(await inPieces(`\ufeff${text}`, bufferBytes, atOnceBytes)).toEqual(whole);
    }),
    { numRuns: 1000 },
  );
});

test('a text with a character changed, added or left out, or cut short, is refused at the same place for the same reason', async () => {
  const marks = fc.constantFrom(...'[]{},:"\\ \n\t01-.eEx', '\u00a0', 'null', 'NaN', '\\u00', '日', '//');
  const changes = fc.tuple(texts, fc.nat(), fc.nat(2), fc.oneof(marks, fc.constant('')), fc.boolean());
  let numFaults = 0;
  await fc.assert(
    fc.asyncProperty(
      changes,
      bufferSizes,
      bufferSizes,
      async ([text, at, length, mark, isCut], bufferBytes, atOnceBytes) => {
        const place = at % (text.length + 1);
        const rest = isCut ? '' : text.slice(place + length);
        // Half a pair of surrogates is no text: it goes into bytes and back.
        const changed = Buffer.from(text.slice(0, place) + mark + rest).toString();
        const whole = atOnce(changed);
        numFaults += Number(whole.fault !== undefined);
        expect(await inPieces(changed, bufferBytes, atOnceBytes)).toEqual(whole);
      },
    ),
    { numRuns: 2000 },
  );
  expect(numFaults).toBeGreaterThan(1000);
});

/** Behind the longest beginning of bytes that is text. */
function placeOfNoText(bytes: Uint8Array): TextPlace {
  for (let length = bytes.length; ; length--) {
    if (!isUtf8(bytes.subarray(0, length))) continue;
    const text = Buffer.from(bytes.subarray(0, length)).toString();
    return placeBehind(text, text.length, { line: 1, column: 1 });
  }
}

test('a file that ends within a character is unfinished, one of other bytes is no text: where', async () => {
  const bytes = Buffer.from('{"images":\n ["é", "ü"]}');
  const cut = bytes.subarray(0, bytes.lastIndexOf('ü') + 1);
  expect(await inPieces(cut, 4)).toMatchObject({
    fault: { code: 'json-cut-character', place: { line: 2, column: 9 } },
  });
  const latin = Buffer.from(bytes);
  latin[bytes.indexOf('é')] = 0xe9;
  latin[bytes.indexOf('é') + 1] = 0x20;
  expect(await inPieces(latin, 4)).toMatchObject({
    fault: { code: 'json-utf8', place: { line: 2, column: 4 } },
  });
});

test('bytes that are not UTF-8 are told before anything else', async () => {
  const broken = fc.tuple(texts, fc.nat(), fc.constantFrom(0xff, 0x80, 0xc3, 0xe6, 0xf0, 0x22));
  let numFaults = 0;
  await fc.assert(
    fc.asyncProperty(broken, bufferSizes, async ([text, at, byte], bufferBytes) => {
      const bytes = Buffer.from(text);
      bytes[at % bytes.length] = byte;
      const expected = isUtf8(bytes)
        ? atOnce(bytes.toString())
        : {
            fault: {
              code: expect.stringMatching(/^json-(utf8|cut-character)$/) as unknown,
              place: placeOfNoText(bytes),
              facts: {},
              message: expect.any(String) as unknown,
            },
          };
      numFaults += Number(!isUtf8(bytes));
      expect(await inPieces(bytes, bufferBytes)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
  expect(numFaults).toBeGreaterThan(200);
});

test('of entries of lists right below the root stays what is asked for', async () => {
  const seen: [unknown, string][] = [];
  const keep: KeepEntry = (entry, key) => (seen.push([entry, key]), typeof entry);
  const text = '{"a": [1, [2]], "b": {"c": [3]}, "a": ["4"], "d": 5}';
  const parse = (content: string): Promise<unknown> => parseJson(readerOf(Buffer.from(content)), keep);
  expect(await parse(text)).toEqual({ a: ['string'], b: { c: [3] }, d: 5 });
  expect(await parse('[6]')).toEqual(['number']);
  expect(seen).toEqual([
    [1, 'a'],
    [[2], 'a'],
    ['4', 'a'],
    [6, ''],
  ]);
});

describe('faults of a long file', () => {
  const numbers = Array.from({ length: 100_000 }, (_, i) => `[${i},\n"${i}"]`);
  it.each<[string, string, object, string]>([
    ['deep in a list', `{"a": [${numbers.join(',')}, nul]}`, { line: 100_001, column: 11 }, 'a[100000]'],
    ['behind a long text', `[\n1, "${'x'.repeat(10_000_000)}", +1]`, { line: 2, column: 10_000_008 }, '[2]'],
    ['a lost quote', `[${numbers.join(',').replace('"7"', '"7')}]`, { line: 9, column: 1 }, '[7][1]'],
  ])('%s', async (_, text, place, path) => {
    const { fault } = await inPieces(text);
    expect(fault).toMatchObject({ code: 'json-syntax', place, facts: { path } });
  });
});

test('a lost quote is found without reading all that seems to be in quotes', async () => {
  const entry = '{"id": 1, "file_name": "0001.jpg", "width": 640, "height": 480}';
  const text = `{"images": [${entry}, ${entry.replace('"0001', '0001')}, ${Array(20_000).fill(entry).join(', ')}]}`;
  const longText = `"${'x'.repeat(100_000)}"`;
  const read = readerOf(Buffer.from(text));
  let largest = 0;
  const watched: ReadBytes = (buffer) => ((largest = Math.max(largest, buffer.length)), read(buffer));
  await expect(parseJson(watched, undefined, 1024)).rejects.toMatchObject({
    place: { line: 1, column: 12 + entry.length + 2 + 24 },
    code: 'json-syntax',
    facts: { path: 'images[1].file_name' },
  });
  expect(largest).toBeLessThan(64 * 1024);
  // What is long and right is read.
  expect(await inPieces(`[1, ${longText}, 2]`, 64)).toEqual(atOnce(`[1, ${longText}, 2]`));
  expect(await inPieces(`[1, ${longText}, 2`, 64)).toEqual(atOnce(`[1, ${longText}, 2`));
});

interface File {
  readonly images: { id: number; file_name: string; width: number; height: number }[];
  readonly annotations: Record<string, unknown>[];
  readonly categories: { id: number; name: string }[];
}

test('an instances file of many pieces is read as JSON.parse of it says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'json-text-'));
  try {
    const file = join(folder, 'instances.json');
    await writeLargeAnnotationFile(file, { images: 3000, annotations: 6000 });
    const { images, annotations, categories } = JSON.parse(await readFile(file, 'utf8')) as File;
    const dataset = await readCocoDataset(file, 'images', { keepSegmentations: true });
    const expected = {
      images: images.map(({ id, file_name, width, height }) => ({ id, fileName: file_name, width, height })),
      categories: categories.map(({ id, name }) => ({ id, name })),
      annotations: annotations.map(({ id, image_id, category_id, bbox, area, iscrowd, segmentation }) => ({
        id,
        imageId: image_id,
        categoryId: category_id,
        bbox,
        area,
        isCrowd: iscrowd === 1,
        segmentation,
      })),
    };
    const { images: readImages, categories: readCategories, annotations: readAnnotations } = dataset;
    const found = { images: readImages, categories: readCategories, annotations: readAnnotations };
    // Jest's toEqual would take seconds.
    expect(isDeepStrictEqual(found, expected)).toBe(true);
    expect(dataset.notes).toEqual([]);
    const withoutMasks = await readCocoDataset(file, 'images');
    expect(withoutMasks.annotations.some((annotation) => 'segmentation' in annotation)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
