import fs, { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireFileName, requireFolderName } from '../../../tools/terminal/output-files';

let folder: string;
let input: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'output-'));
  input = path.join(folder, 'input.json');
  writeFileSync(input, 'input');
});
/** An InputError of this code and these facts. */
function refusal(code: string, facts: object): Error {
  return expect.objectContaining({ name: 'InputError', code, facts }) as Error;
}

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
    expect(() => requireFileName('--json', name, [input])).toThrow(
      refusal('overwrites-input', { option: '--json', file: name }),
    );
  }
});

test('folders in the place of files and files in the place of folders are refused', () => {
  mkdirSync(path.join(folder, 'sub'));
  const [file, below] = [path.join(folder, 'sub'), path.join(input, 'a', 'b')];
  expect(() => requireFileName('--json', file, [])).toThrow(
    refusal('output-is-folder', { option: '--json', file }),
  );
  expect(() => requireFileName('--json', path.join(below, 'x.json'), [])).toThrow(
    refusal('output-below-file', { option: '--json', folder: below, file: input }),
  );
  expect(() => requireFolderName('--output', below)).toThrow(
    refusal('output-below-file', { option: '--output', folder: below, file: input }),
  );
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
    refusal('output-not-writable', { option: '--json', name: '/dev/null' }),
  );
});

test('a disk that is read-only is told before the work', () => {
  // Whoever runs tests may write everywhere.
  jest.spyOn(fs, 'accessSync').mockImplementation(() => {
    throw new Error('EROFS: read-only file system');
  });
  const name = path.join(folder, 'new');
  expect(() => requireFolderName('--output', name)).toThrow(
    refusal('output-not-writable', { option: '--output', name }),
  );
});
