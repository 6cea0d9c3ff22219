import fc from 'fast-check';
import { jsonParts } from '../../../../datasets/coco/json/json-parts';

const textOf = (root: object): string => Buffer.concat([...jsonParts(root)]).toString('utf8');

test('an object as JSON, each entry of its lists on a line', () => {
  expect(textOf({ info: { a: [1, 2] }, images: [{ id: 1 }, { id: 2 }], none: [] })).toBe(
    '{\n"info": {"a":[1,2]},\n"images": [\n{"id":1},\n{"id":2}\n],\n"none": []\n}\n',
  );
  expect(textOf({})).toBe('{\n}\n');
});

test('any object comes back as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (root) => {
      expect(JSON.stringify(JSON.parse(textOf(root)))).toBe(JSON.stringify(root));
    }),
    { numRuns: 200 },
  );
});

test('large ones come in parts', () => {
  const list = Array.from({ length: 40 }, (_, id) => ({ id, text: 'ü'.repeat(50_000) }));
  const parts = [...jsonParts({ list })];
  expect(parts.length).toBeGreaterThan(1);
  expect(JSON.parse(Buffer.concat(parts).toString('utf8'))).toEqual({ list });
});
