import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolders } from '../../../detection/files/make-folders';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'make-folder-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a folder and those that lead to it are made; the outermost new one is told', () => {
  const deep = path.join(folder, 'a', 'b', 'c');
  expect(makeFolders(deep)).toBe(path.join(folder, 'a'));
  expect(existsSync(deep)).toBe(true);
});

test('a folder that is there stays', () => {
  expect(makeFolders(folder)).toBeUndefined();
});

test('a link to a folder counts as one', () => {
  mkdirSync(path.join(folder, 'real'));
  symlinkSync('real', path.join(folder, 'link'));
  expect(makeFolders(path.join(folder, 'link', 'new'))).toBe(path.join(folder, 'link', 'new'));
  expect(existsSync(path.join(folder, 'real', 'new'))).toBe(true);
});

test.each([
  ['a file is in the way', 'file', 'EEXIST'],
  ['a file is on the way', 'file/new', 'ENOTDIR'],
  ['a link leads nowhere', 'nowhere', 'EEXIST'],
])('where %s, the system’s error is thrown', (_, name, code) => {
  writeFileSync(path.join(folder, 'file'), '');
  symlinkSync('missing', path.join(folder, 'nowhere'));
  expect(() => makeFolders(path.join(folder, name))).toThrow(expect.objectContaining({ code }) as Error);
});

// Node's recursive mkdir would never return.
(existsSync('/proc/self') ? test : test.skip)('a file system that has no new folders refuses at once', () => {
  expect(() => makeFolders('/proc/new')).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
  expect(() => makeFolders('/proc/new/deep')).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
});
