import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadUserModule, modulePath } from '../../../detection/files/user-module';
import { thrownBy } from '../../thrown';

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'user-module-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, source: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, source);
  return file;
}

test.each([
  ['an ES module', 'a.mjs', 'export default 3; export const other = 4;'],
  ['a CommonJS module', 'b.cjs', 'module.exports = 3;'],
  ['a CommonJS module with a default', 'c.cjs', 'exports.default = 3; exports.other = 4;'],
  ['a name with what URLs escape', 'd %20#?.cjs', 'module.exports = 3;'],
])('the default export of %s', (_, name, source) => {
  expect(loadUserModule(written(name, source))).toBe(3);
});

test('a relative path is relative to the working directory', () => {
  const file = written('here.cjs', 'module.exports = 5;');
  expect(loadUserModule(path.relative(process.cwd(), file))).toBe(5);
});

test('a module is given by its path or its URL', () => {
  const file = path.join(folder, 'x y.mjs');
  const url = pathToFileURL(file);
  expect([file, url, url.href, path.relative(process.cwd(), file)].map(modulePath)).toEqual(
    Array<string>(4).fill(file),
  );
});

test('a file that is not there, and one that throws when it is loaded', () => {
  expect(thrownBy(() => loadUserModule(path.join(folder, 'gone.js')))).toMatchObject({
    code: 'module-missing',
    facts: { file: path.join(folder, 'gone.js') },
  });
  const file = written('throws.cjs', 'throw new Error("not today\\nnor tomorrow");');
  expect(thrownBy(() => loadUserModule(file))).toMatchObject({
    code: 'module-failed',
    message: `${file}: cannot be loaded: not today`,
    cause: { message: 'not today\nnor tomorrow' },
  });
});
