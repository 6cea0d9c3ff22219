import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const withoutIndentation = (code: string): string => code.replace(/^ +/gm, '').trim();

/** Blocks of code whose first line names the file that they are from. */
const excerpts = [...read('docs/separation.md').matchAll(/```ts\n\/\/ (\S+)\n([^`]*)```/g)].map(
  ([, file, code]) => [file, code] as const,
);

test('docs/separation.md shows code of each form', () => {
  expect(new Set(excerpts.map(([file]) => path.basename(file)))).toEqual(
    new Set(['faster-rcnn.ts', 'sampling-rcnn.ts', 'dense-rcnn.ts', 'retinanet.ts', 'dense-pyramid.ts']),
  );
});

test.each(excerpts)('what docs/separation.md shows of %s is in it', (file, code) => {
  expect(withoutIndentation(read(file))).toContain(withoutIndentation(code));
});
