import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemRefusal } from '../../../tools/terminal/system-refusal';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'refusal-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function errorOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('was not refused');
}

test('a full disk is told in one line, with a remedy', () => {
  // Linux's device that is always full.
  const message = systemRefusal(errorOf(() => writeFileSync('/dev/full', 'x')));
  expect(message).toMatch(/the disk is full; free some space.*ENOSPC/);
  expect(message).not.toContain('\n');
});

test('a path that leads below a file is named', () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  const below = path.join(file, 'x');
  const message = systemRefusal(errorOf(() => writeFileSync(below, 'x')));
  expect(message).toContain(`${below}: a part of this path is a file`);
});

test('other errors are bugs', () => {
  expect(systemRefusal(new Error('bug'))).toBeUndefined();
  expect(systemRefusal(errorOf(() => writeFileSync(path.join(folder, 'none', 'x'), '')))).toBeUndefined();
  expect(systemRefusal(Object.assign(new Error('bug'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBeUndefined();
});
