import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');
/** What takes a code for its first argument: constructors of errors, and functions that make them. */
const MAKERS =
  /\b(?!(?:Range|Type)Error\()(?:[A-Z]\w*Error|super|fault|damaged|failure|unexpected)\(\s*(?:job,\s*)?'([^' ]+)',/g;
/** Codes that are picked by something else first. */
const PICKED = /\bcode: '([^' ]+)'|: '((?:picture|augmentation)-[a-z-]+)'/g;

function codesIn(folder: string): string[] {
  const files = readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const codes = files
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8'))
    .flatMap((source) => [...source.matchAll(MAKERS), ...source.matchAll(PICKED)])
    .map(([, code, picture]) => code ?? picture);
  return [...new Set(codes)].sort();
}

/** The first column of the table under this heading. */
function codesOf(heading: string): string[] {
  const page = readFileSync(path.join(ROOT, 'docs', 'errors.md'), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, code]) => code);
}

test.each(['detection', 'datasets', 'weights'])('docs/errors.md has the codes of %s, each once', (room) => {
  expect(codesOf(room)).toEqual(codesIn(room));
});

test('codes are words with dashes, and mean one thing in all rooms', () => {
  const codes = ['detection', 'datasets', 'weights'].flatMap(codesIn);
  for (const code of codes) expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
  expect(new Set(codes).size).toBe(codes.length);
});
