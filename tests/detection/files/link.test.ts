import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { replaceLink } from '../../../detection/files/link';

test('a link is made, and pointed elsewhere, also after a process of the same number has died in it', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'link-'));
  const link = path.join(folder, 'last');
  replaceLink(link, 'one');
  expect(readlinkSync(link)).toBe('one');
  symlinkSync('half', path.join(folder, `.last.${process.pid}.tmp`));
  replaceLink(link, 'two');
  expect(readlinkSync(link)).toBe('two');
  expect(readdirSync(folder)).toEqual(['last']);
  rmSync(folder, { recursive: true });
});
