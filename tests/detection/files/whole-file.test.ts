import { spawn, spawnSync } from 'node:child_process';
import fs, {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import type { Content } from '../../../detection/files/content';
import { writeWholeFile } from '../../../detection/files/whole-file';
import { thrownBy } from '../../thrown';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'whole-'))));
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const at = (...names: string[]): string => path.join(folder, ...names);

test('writes text and bytes in parts, over what was there', () => {
  writeWholeFile(at('a'), 'größer');
  expect(readFileSync(at('a'), 'utf8')).toBe('größer');
  writeWholeFile(at('a'), [Buffer.of(1, 2), Buffer.of(), new Uint8Array([3])]);
  expect([...readFileSync(at('a'))]).toEqual([1, 2, 3]);
  writeWholeFile(at('a'), '');
  expect(readFileSync(at('a'), 'utf8')).toBe('');
  expect(readdirSync(folder)).toEqual(['a']);
});

test('is on the disk, under its temporary name, before it gets its own', () => {
  const calls: string[] = [];
  for (const name of ['fsyncSync', 'renameSync'] as const) {
    const original = fs[name] as (...args: unknown[]) => void;
    jest.spyOn(fs, name).mockImplementation((...args: unknown[]) => {
      calls.push(`${name} ${readdirSync(folder).join()}`);
      original(...args);
    });
  }
  writeWholeFile(at('a'), 'x');
  expect(calls).toEqual(['fsyncSync', 'renameSync'].map((name) => `${name} .a.${process.pid}.tmp`));
});

test('makes a folder where it is asked to, and not otherwise', () => {
  const file = at('b', 'c', 'd');
  expect(thrownBy(() => writeWholeFile(file, 'x'))).toMatchObject({
    code: 'file-unwritable',
    facts: { file },
  });
  expect(existsSync(at('b'))).toBe(false);
  writeWholeFile(at('b', 'c', 'd'), 'x', { makeFolder: true });
  expect(readFileSync(at('b', 'c', 'd'), 'utf8')).toBe('x');
});

test('a refusal names the file and the reason, has the cause, and leaves what was there', () => {
  writeFileSync(at('a'), 'old');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  jest.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw full;
  });
  const refusal = (file: string, content: Content) => thrownBy(() => writeWholeFile(file, content));
  const error = refusal(at('a'), 'new');
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({ code: 'file-unwritable', facts: { file: at('a') } });
  expect((error as InputError).cause).toBe(full);
  expect(readFileSync(at('a'), 'utf8')).toBe('old');
  const failing = function* (): Generator<Uint8Array> {
    yield Buffer.of(1);
    throw new Error('no second part');
  };
  const code = 'file-unwritable';
  expect(refusal(at('a'), failing())).toMatchObject({ code });
  mkdirSync(at('sub'));
  const facts = { file: at('sub') };
  expect(refusal(at('sub'), 'x')).toMatchObject({ code, facts, cause: { message: 'it is a folder' } });
  expect(refusal(at('a', 'below'), 'x')).toMatchObject({ code, cause: { code: 'ENOTDIR' } });
  expect(readdirSync(folder)).toEqual(['a', 'sub']);
});

test('a link stays: what it leads to is written, be it there or not', () => {
  mkdirSync(at('real'));
  writeFileSync(at('real', 'file'), 'old');
  symlinkSync('real', at('folder'));
  symlinkSync('../real/file', at('real', 'there'));
  symlinkSync('folder/there', at('chain'));
  symlinkSync('real/new', at('dangling'));
  writeWholeFile(at('chain'), 'x');
  writeWholeFile(at('dangling'), 'y');
  expect(readFileSync(at('real', 'file'), 'utf8')).toBe('x');
  expect(readFileSync(at('real', 'new'), 'utf8')).toBe('y');
  expect([readlinkSync(at('chain')), readlinkSync(at('dangling'))]).toEqual(['folder/there', 'real/new']);
  expect(lstatSync(at('real', 'file')).isFile()).toBe(true);
  expect(readdirSync(at('real'))).toEqual(['file', 'new', 'there']);
  symlinkSync('circle', at('circle'));
  expect(thrownBy(() => writeWholeFile(at('circle'), 'x'))).toMatchObject({
    code: 'file-unwritable',
    cause: { code: 'ELOOP' },
  });
});

test('a pipe is written through, whoever reads it', async () => {
  const pipe = at('pipe');
  spawnSync('mkfifo', [pipe]);
  // To a file: this process reads nothing while it writes.
  const reader = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', pipe, at('read')]);
  const text = 'x'.repeat(300_000); // more than a pipe holds
  writeWholeFile(pipe, text);
  await new Promise((resolve) => reader.on('close', resolve));
  expect(readFileSync(at('read'), 'utf8')).toBe(text);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['pipe', 'read']);
});

test('a device is written through, also by way of a link', () => {
  symlinkSync('/dev/null', at('nothing'));
  for (const name of ['/dev/null', at('nothing')]) {
    writeWholeFile(name, 'x');
    expect(fs.statSync(name).isCharacterDevice()).toBe(true);
  }
  expect(thrownBy(() => writeWholeFile('/dev/full', 'x'))).toMatchObject({
    code: 'file-unwritable',
    facts: { file: '/dev/full' },
    cause: { code: 'ENOSPC' },
  });
  expect(readdirSync(folder)).toEqual(['nothing']);
});

test('a descriptor is written to where it is, and stays open', () => {
  const descriptor = openSync(at('log'), 'w');
  writeSync(descriptor, 'before ');
  writeWholeFile(`/dev/fd/${descriptor}`, 'between');
  writeSync(descriptor, ' after');
  closeSync(descriptor);
  expect(readFileSync(at('log'), 'utf8')).toBe('before between after');
  expect(readdirSync(folder)).toEqual(['log']);
});

test('a standard output that is a pipe with a slow reader gets all of it', () => {
  const script = `
    require('ts-node').register({ swc: true });
    const { writeWholeFile } = require('./detection/files/whole-file.ts');
    process.stdout.write('first '); // which lets Node.js have the pipe
    writeWholeFile('/dev/stdout', 'x'.repeat(300_000));`;
  const slow = `node -e "$1" | (sleep 1; cat)`;
  const { stdout, stderr } = spawnSync('bash', ['-c', slow, 'bash', script], {
    cwd: path.resolve(__dirname, '..', '..', '..'),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout.length).toBe(300_006);
});
