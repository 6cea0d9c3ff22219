import { commonParts, differences, nameParts } from '../../../datasets/repair/near-names';

test.each<[string, string[]]>([
  ['images\\1\\a b.png', ['images', '1', 'a b.png']],
  ['C:\\data\\a.png', ['C:', 'data', 'a.png']],
  ['./x//a.png', ['x', 'a.png']],
  ['https://host:80/bucket/a.png?signature=x/y#z', ['host:80', 'bucket', 'a.png']],
  ['/data/local-files/?d=set/a.png', ['data', 'local-files', 'set', 'a.png']],
  ['what?.png', ['what?.png']],
])('%s is taken apart', (name, parts) => {
  expect(nameParts(name)).toEqual(parts);
});

test('parts are compared from the last one on', () => {
  expect(commonParts(['b', 'x', 'A%20b.PNG '], ['c', 'X', 'a b.png'])).toBe(2);
  expect(commonParts(['x', 'a.png'], ['a.png'])).toBe(1);
  expect(commonParts(['100%.png'], ['100%.png'])).toBe(1);
  expect(commonParts(['a.png'], ['a.jpg'])).toBe(0);
});

test.each([
  ['ka\u0308fer.png', 'käfer.png', 'Unicode form'],
  ['A.png', 'a.png', 'letter case'],
  ['a.png ', 'a.png', 'blanks'],
  ['a%20b.png', 'a b.png', 'percent-encoding'],
  ['a b.png', 'a%20b.png', 'percent-encoding'],
  ['a.png', 'x/a.png', 'folder'],
  ['/a.png', 'a.png', 'folder'],
  ['s3://a.png', 'a.png', 'folder'],
  ['x\\a.png', 'x/a.png', 'separators'],
  [
    'y\\KA\u0308FER%20.png ',
    'x/käfer .png',
    'folder, separators, percent-encoding, blanks, Unicode form and letter case',
  ],
])('%s differs from %s in %s', (name, file, what) => {
  expect(differences(name, file)).toBe(what);
});
