import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filesBelow } from '../../datasets/files-below';
import { isPictureName } from '../../datasets/images/picture-names';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'below-'));
  for (const name of ['b', 'b/deep', '.hidden']) mkdirSync(path.join(folder, name));
  for (const name of ['c.jpg', 'a.txt', 'b/deep/x.png', '.hidden/y.png', 'b/._x.png']) {
    writeFileSync(path.join(folder, name), '');
  }
  symlinkSync('c.jpg', path.join(folder, 'link.jpg'));
  symlinkSync('nowhere', path.join(folder, 'broken.jpg'));
  symlinkSync('..', path.join(folder, 'b', 'circle'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the files of a folder and those below it; neither what is hidden nor what links to folders or to nothing lead to', () => {
  const names = filesBelow(folder).map((file) => path.relative(folder, file));
  expect(names).toEqual(['a.txt', 'b/deep/x.png', 'c.jpg', 'link.jpg']);
  expect(names.filter(isPictureName)).toEqual(['b/deep/x.png', 'c.jpg', 'link.jpg']);
});

test.each([
  ['photo.JPG', true],
  ['folder.d/scan.tiff', true],
  ['IMG_1.HEIC', true],
  ['._photo.jpg', false],
  ['folder/.photo.jpg', false],
  ['notes.txt', false],
  ['jpg', false],
])('%s: a picture: %s', (name, isPicture) => {
  expect(isPictureName(name)).toBe(isPicture);
});
