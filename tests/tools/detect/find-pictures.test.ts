import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findPictures } from '../../../tools/detect/find-pictures';

let folder: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'pictures-')));
  const files = [
    'b.JPG',
    'a.bmp',
    '._a.bmp',
    'notes.txt',
    'clip.mp4',
    'day1/a.jpg',
    'day2/a.jpg',
    'day2/deep/c.png',
  ];
  for (const name of [...files, '.hidden/x.jpg', '*.jpg/in.jpg', 'empty/none.txt', 'nested/day/a.jpg']) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), '');
  }
  symlinkSync('..', path.join(folder, 'day1', 'loop'));
  symlinkSync('day2', path.join(folder, 'linked'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Names, after it has been made sure that they lie below a folder. */
function names(given: string, recursive = false, below = folder): string[] {
  return findPictures(path.join(folder, given), { recursive }).map(({ file, name }) => {
    expect(path.resolve(below, name)).toBe(file);
    return name;
  });
}

test('of a folder pictures by name, and none that begins with a dot', () => {
  expect(names('')).toEqual(['a.bmp', 'b.JPG']);
});

test('a folder in a folder keeps its name; links are followed, but not in a circle', () => {
  expect(names('', true)).toEqual([
    'a.bmp',
    'b.JPG',
    '*.jpg/in.jpg',
    'day1/a.jpg',
    'day2/a.jpg',
    'day2/deep/c.png',
    'linked/a.jpg',
    'linked/deep/c.png',
    'nested/day/a.jpg',
  ]);
});

test.each([
  ['*.{bmp,JPG}', ['a.bmp', 'b.JPG']],
  ['?.[bJ]*', ['a.bmp', 'b.JPG']],
  ['day*/*', ['day1/a.jpg', 'day2/a.jpg', 'day2/deep/c.png']],
  ['day?', ['day1/a.jpg', 'day2/a.jpg']],
  ['day2/**', ['a.jpg', 'deep/c.png'], 'day2'],
  ['*.mp4', ['clip.mp4']],
])('%s means %j', (pattern, expected, below: string = '') => {
  expect(names(pattern, false, path.join(folder, below))).toEqual(expected);
});

test('a name that there is wins over what it would mean as a pattern', () => {
  expect(names('*.jpg', false, path.join(folder, '*.jpg'))).toEqual(['in.jpg']);
});

test.each([
  ['none.jpg', 'no-such-path', 'there is no such file or folder'],
  ['*.gif', 'no-such-path', 'nothing has this name, and no picture matches it'],
  ['gone/*.jpg', 'no-such-path', 'nothing has this name'],
  ['empty', 'no-pictures', 'has no pictures'],
  ['nested', 'no-pictures', 'has no pictures; --recursive looks into its folders too'],
])('%s is refused', (given, code, message) => {
  expect(() => names(given)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error,
  );
});
