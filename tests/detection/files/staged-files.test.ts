import { spawn, spawnSync } from 'node:child_process';
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StagedFiles } from '../../../detection/files/staged-files';
import { thrownBy } from '../../thrown';

let folder: string;
let files: StagedFiles;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'staged-'));
  files = new StagedFiles();
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const at = (...names: string[]): string => path.join(folder, ...names);

test('files get their names when all are there, in folders that are made', () => {
  writeFileSync(at('b'), 'old');
  files.add(at('new', 'sub', 'a'), [Buffer.from('a')]);
  files.add(at('b'), 'b');
  expect(readdirSync(at('new', 'sub'))).toEqual([`.a.${process.pid}.tmp`]);
  expect(readFileSync(at('b'), 'utf8')).toBe('old');
  files.publish();
  files.discard();
  expect(readFileSync(at('new', 'sub', 'a'), 'utf8')).toBe('a');
  expect(readFileSync(at('b'), 'utf8')).toBe('b');
  expect(readdirSync(folder)).toEqual(['b', 'new']);
});

test('what is discarded leaves what was there, and nothing else', () => {
  writeFileSync(at('b'), 'old');
  files.add(at('new', 'a'), 'a');
  files.add(at('new', 'sub', 'a'), 'a');
  files.add(at('b'), 'b');
  files.discard();
  expect(readdirSync(folder)).toEqual(['b']);
  expect(readFileSync(at('b'), 'utf8')).toBe('old');
  // What somebody else has put into a folder in the meantime is left to them.
  files.add(at('new', 'sub', 'a'), 'a');
  writeFileSync(at('new', 'theirs'), '');
  files.discard();
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['b', 'new', path.join('new', 'theirs')]);
});

test('a file that cannot be is refused at once', () => {
  mkdirSync(at('taken'));
  files.add(at('a'), 'a');
  expect(thrownBy(() => files.add(at('taken'), 'x'))).toMatchObject({
    code: 'file-unwritable',
    facts: { file: at('taken') },
    cause: { message: 'it is a folder' },
  });
  files.discard();
  expect(readdirSync(folder)).toEqual(['taken']);
});

test('where one cannot get its name, none keeps it', () => {
  for (const name of ['a', 'b', 'c']) files.add(at('new', name), name);
  const { renameSync: rename } = fs;
  jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    if (to === at('new', 'b')) throw new Error('EIO: i/o error');
    rename(from, to);
  });
  expect(thrownBy(() => files.publish())).toMatchObject({
    code: 'file-unwritable',
    facts: { file: at('new', 'b') },
    cause: { message: 'EIO: i/o error' },
  });
  expect(existsSync(at('new', 'a'))).toBe(true);
  files.discard();
  expect(readdirSync(folder)).toEqual([]);
});

test('a pipe gets what is meant for it at the end', async () => {
  spawnSync('mkfifo', [at('pipe')]);
  files.add(at('pipe'), 'through');
  const reader = spawn('cat', [at('pipe')]);
  let read = '';
  reader.stdout.on('data', (part: Buffer) => (read += part.toString()));
  files.publish();
  await new Promise((resolve) => reader.on('close', resolve));
  expect(read).toBe('through');
  expect(readdirSync(folder)).toEqual(['pipe']);
});
