import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

test('docs/errors.md lists the codes of the tools, and no others', () => {
  const sources = readdirSync(path.join(root, 'tools'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(root, 'tools', name), 'utf8'));
  const thrown = sources.flatMap((source) =>
    [...source.matchAll(/new InputError\(\s*'([\w-]+)'/g)].map(([, code]) => code),
  );
  // A code that is no literal would escape the comparison.
  expect(thrown).toHaveLength(sources.join('').split('new InputError(').length - 1);

  const section = readFileSync(path.join(root, 'docs/errors.md'), 'utf8').split('## Command line\n')[1];
  const listed = [...section.split('\n## ')[0].matchAll(/^\| `([\w-]+)`/gm)].map(([, code]) => code);
  expect(listed).toEqual([...new Set(thrown)].sort());
});
