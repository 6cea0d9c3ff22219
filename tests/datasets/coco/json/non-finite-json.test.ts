import { parseJson } from '../../../../datasets/coco/json/json-text';
import { parseWithNonFinite } from '../../../../datasets/coco/json/non-finite-json';
import { rejectionOf } from '../../../thrown';

test('NaN and infinite numbers are read as by Python, but not in text', () => {
  const text = '[NaN, -Infinity, {"a": Infinity, "b": [1e999, -1]}, "NaN", "a\\"NaN\\\\", NaN, "-Infinity"]';
  expect(parseWithNonFinite(text)).toEqual([
    NaN,
    -Infinity,
    { a: Infinity, b: [Infinity, -1] },
    'NaN',
    'a"NaN\\',
    NaN,
    '-Infinity',
  ]);
});

test.each([
  '[-NaN]',
  '[1NaN]',
  '[NaN1]',
  '[--Infinity]',
  '[+Infinity]',
  '[nan]',
  '[NaN',
  '{NaN: 1}',
  '["NaN]',
])('%s is no JSON in Python, either', (text) => {
  expect(parseWithNonFinite(text)).toBeUndefined();
});

/** Reads a text three bytes at a time. */
function parse(text: string, nonFinite: boolean): Promise<unknown> {
  const bytes = Buffer.from(text);
  let position = 0;
  const read = (buffer: Uint8Array): Promise<number> => {
    const some = bytes.subarray(position, position + Math.min(3, buffer.length));
    buffer.set(some);
    position += some.length;
    return Promise.resolve(some.length);
  };
  return parseJson(read, undefined, 8, nonFinite);
}

test('a long text may have them, where that is wanted', async () => {
  const text = '{"a": NaN, "list": [1, NaN, {"x": [-Infinity, "NaN, é"]}, 2]}';
  expect(await parse(text, true)).toEqual({ a: NaN, list: [1, NaN, { x: [-Infinity, 'NaN, é'] }, 2] });
  expect(await rejectionOf(parse(text, false))).toMatchObject({
    place: { line: 1, column: 7 },
    message: 'this is not JSON: NaN is not a number in JSON (at a).',
  });
});

test('a fault behind them is the one that is told', async () => {
  expect(await rejectionOf(parse('[NaN, -Infinity, [1 2]]', true))).toMatchObject({
    place: { line: 1, column: 21 },
    message: 'this is not JSON: "," or "]" expected, not "2]]" (at [2][0]).',
  });
});
