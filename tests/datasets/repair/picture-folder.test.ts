import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nearFolder } from '../../../datasets/repair/near-folder';
import { PictureFolder } from '../../../datasets/repair/picture-folder';

const files = [
  'a.png',
  'käfer.png',
  'one/same.png',
  'two/same.png',
  'one/Case.png',
  'two/case.png',
  'deep/down/z.png',
];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'folder-'));
  for (const file of [...files, '.trash/a.png', 'one/._same.png']) {
    mkdirSync(path.dirname(path.join(folder, 'images', file)), { recursive: true });
    writeFileSync(path.join(folder, 'images', file), '');
  }
  symlinkSync('a.png', path.join(folder, 'images', 'link.png'));
  symlinkSync('..', path.join(folder, 'images', 'circle'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const pictures = (): PictureFolder => new PictureFolder(path.join(folder, 'images'));

test('a name is that of a file only exactly, and inside of the folder', () => {
  expect(files.map((file) => pictures().has(file))).not.toContain(false);
  expect(
    ['A.png', 'ka\u0308fer.png', 'one', '../images/a.png', path.join(folder, 'images', 'a.png')].map((name) =>
      pictures().has(name),
    ),
  ).toEqual(Array(5).fill(false));
  expect(pictures().has(`${'x'.repeat(5000)}.png`)).toBe(false);
});

test.each<[string, string[]]>([
  ['a.png', []],
  ['A.PNG', ['a.png']],
  ['ka\u0308fer.png', ['käfer.png']],
  ['images\\LINK.png', ['link.png']],
  ['https://host/a.png?x=1', ['a.png']],
  ['same.png', ['one/same.png', 'two/same.png']],
  ['all/two/same.png', ['two/same.png']],
  ['z.png', ['deep/down/z.png']],
  // Of two that differ in what does not count, the one that is spelled so.
  ['case.png', ['two/case.png']],
  ['CASE.png', ['one/Case.png', 'two/case.png']],
  ['none.png', []],
  ['', []],
  ['..', []],
])('%s may mean %j', (name, near) => {
  expect(pictures().near(name)).toEqual(near);
});

test('hints tell what is near', () => {
  expect(pictures().hint('A.png')).toBe('there is "a.png", which differs in letter case');
  expect(pictures().hint('same.png')).toBe('it could mean "one/same.png", "two/same.png"');
  expect(pictures().hint('none.png')).toBeUndefined();
});

test('a folder that is not there, and headers of what is no picture, are no errors', async () => {
  expect(new PictureFolder(path.join(folder, 'none')).near('a.png')).toEqual([]);
  expect(await pictures().header('a.png')).toBeUndefined();
  expect(await pictures().header('none.png')).toBeUndefined();
});

test.each<[string, string, string[], string | undefined]>([
  ['one level too low', 'images/one', ['one/same.png', 'two/same.png'], 'images'],
  ['one level too high', '.', ['a.png', 'käfer.png'], 'images'],
  ['several levels too high', '.', ['z.png'], 'images/deep/down'],
  ['that of the annotation file', 'images/one', ['images/a.png'], ''],
  ['nowhere', 'images/one', ['a.png', 'none.png'], undefined],
])('the folder that is meant: %s', (_, given, names, meant) => {
  const found = nearFolder(new PictureFolder(path.join(folder, given)), path.join(folder, 'set.json'), names);
  expect(found).toBe(meant === undefined ? undefined : path.join(folder, meant));
});
