import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeLeftovers } from '../../../detection/files/leftovers';

const dead = spawnSync(process.execPath, ['-e', '']).pid;
const living = process.ppid;
let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'left-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]): string => path.join(folder, ...names);

test('files, folders and links of dead processes go; those of living ones, and other names, stay', () => {
  for (const pid of [dead, living]) {
    writeFileSync(at(`.file.${pid}.tmp`), '');
    mkdirSync(at(`.folder.${pid}.tmp`, 'inner'), { recursive: true });
    mkdirSync(at(`.gone.${pid}.tmp.removed`));
    symlinkSync('nowhere', at(`.link.${pid}.tmp`));
  }
  // Of an earlier process that had the same number.
  writeFileSync(at(`.file.${process.pid}.tmp`), '');
  for (const name of ['.hidden', `notes.${dead}.tmp`]) writeFileSync(at(name), '');
  removeLeftovers(folder);
  expect(readdirSync(folder)).toEqual(
    [
      `.file.${living}.tmp`,
      `.folder.${living}.tmp`,
      `.gone.${living}.tmp.removed`,
      '.hidden',
      `.link.${living}.tmp`,
      `notes.${dead}.tmp`,
    ].sort(),
  );
});

test('a folder that was about to be replaced gets its name back', () => {
  for (const name of ['.a.1.tmp', '.a.1.tmp.removed'].map((each) => each.replace('1', String(dead)))) {
    mkdirSync(at(name));
    writeFileSync(at(name, name.endsWith('removed') ? 'old' : 'new'), '');
  }
  removeLeftovers(folder);
  expect(readdirSync(folder, { recursive: true })).toEqual(['a', path.join('a', 'old')]);
});

test('only what may have been ours, where that is said; no folder, nothing to do', () => {
  for (const name of ['ours', 'theirs']) writeFileSync(at(`.${name}.${dead}.tmp`), '');
  removeLeftovers(folder, ['ours']);
  expect(readdirSync(folder)).toEqual([`.theirs.${dead}.tmp`]);
  expect(() => removeLeftovers(at('none'))).not.toThrow();
});
