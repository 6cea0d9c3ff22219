import fs, { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { requireFileName, requireFolderName } from '../../../tools/terminal/output-files';

let folder: string;
let input: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'output-'));
  input = path.join(folder, 'input.json');
  writeFileSync(input, 'input');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test('a file may be new, in new folders, or replace an older result', () => {
  const result = path.join(folder, 'result.json');
  expect(() => requireFileName('--json', result, [input])).not.toThrow();
  expect(() => requireFileName('--json', path.join(folder, 'a', 'b', 'c.json'), [input])).not.toThrow();
  writeFileSync(result, 'x');
  expect(() => requireFileName('--json', result, [input])).not.toThrow();
});

test('what is read is not overwritten, by whatever name it goes', () => {
  const link = path.join(folder, 'link.json');
  symlinkSync(input, link);
  for (const name of [input, link, path.join(folder, '..', path.basename(folder), 'input.json')]) {
    expect(() => requireFileName('--json', name, [input])).toThrow('would overwrite what is read');
  }
});

test('folders in the place of files and files in the place of folders are refused', () => {
  mkdirSync(path.join(folder, 'sub'));
  expect(() => requireFileName('--json', path.join(folder, 'sub'), [])).toThrow('is a folder');
  expect(() => requireFileName('--json', path.join(input, 'x.json'), [])).toThrow(`${input} is a file`);
  expect(() => requireFolderName('--output', path.join(input, 'a', 'b'))).toThrow(`${input} is a file`);
});

test('devices and pipes may be written to where their folders may not', () => {
  const access = jest.spyOn(fs, 'accessSync').mockImplementation((name) => {
    if (name === '/dev') throw new Error('EACCES: permission denied');
  });
  for (const name of ['/dev/null', '/dev/stdout']) {
    expect(() => requireFileName('--json', name, [input])).not.toThrow();
  }
  access.mockImplementation(() => {
    throw new Error('EACCES: permission denied');
  });
  expect(() => requireFileName('--json', '/dev/null')).toThrow(
    '--json /dev/null: cannot be written to: EACCES: permission denied',
  );
});

test('a disk that is read-only is told before the work', () => {
  // Whoever runs tests may write everywhere.
  jest.spyOn(fs, 'accessSync').mockImplementation(() => {
    throw new Error('EROFS: read-only file system');
  });
  expect(() => requireFolderName('--output', path.join(folder, 'new'))).toThrow(InputError);
  expect(() => requireFolderName('--output', path.join(folder, 'new'))).toThrow(
    /^--output .*new: cannot be written to: EROFS/,
  );
});
