import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeWholeFolder, removeWholeFolder, writeWholeFolder } from '../../../detection/files/whole-folder';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'folders-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]): string => path.join(folder, ...names);

test('a folder replaces another of its name, or leaves it', () => {
  writeWholeFolder(at('a'), (temporary) => writeFileSync(path.join(temporary, 'x'), '1'));
  writeWholeFolder(at('a'), (temporary) => {
    expect(readdirSync(folder)).toEqual([path.basename(temporary), 'a']);
    writeFileSync(path.join(temporary, 'y'), '2');
  });
  expect(readdirSync(at('a'))).toEqual(['y']);
  const failing = () => {
    throw new Error('no more');
  };
  expect(() => writeWholeFolder(at('a'), failing)).toThrow('no more');
  expect(readdirSync(folder, { recursive: true })).toEqual(['a', path.join('a', 'y')]);
  removeWholeFolder(at('a'));
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that is made never takes the place of what somebody has put there', async () => {
  const fill = (temporary: string) => writeFile(path.join(temporary, 'x'), '1');
  await makeWholeFolder(at('b', 'c'), fill);
  expect(readFileSync(at('b', 'c', 'x'), 'utf8')).toBe('1');
  mkdirSync(at('empty'));
  await makeWholeFolder(at('empty'), fill);
  expect(readdirSync(at('empty'))).toEqual(['x']);
  mkdirSync(at('full'));
  writeFileSync(at('full', 'theirs'), '');
  await expect(makeWholeFolder(at('full'), fill)).rejects.toThrow('ENOTEMPTY');
  await expect(makeWholeFolder(at('d'), () => Promise.reject(new Error('no more')))).rejects.toThrow(
    'no more',
  );
  expect(readdirSync(at('full'))).toEqual(['theirs']);
  expect(readdirSync(folder)).toEqual(['b', 'empty', 'full']);
});

test('a folder that cannot be made is refused with its name', async () => {
  writeFileSync(at('file'), '');
  const fill = jest.fn();
  await expect(makeWholeFolder(at('file', 'below'), fill)).rejects.toThrow(/file\/below: cannot be written/);
  expect(fill).not.toHaveBeenCalled();
});
