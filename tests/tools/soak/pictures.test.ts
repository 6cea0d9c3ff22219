import {
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
import { DEFECTS, Pictures } from '../../../tools/soak/pictures';
import { finalMessage } from '../../../tools/soak/supervised-run';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'pictures-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each(DEFECTS)('pictures that are %s, and mended again', (defect) => {
  const images = path.join(folder, 'images');
  mkdirSync(images);
  for (const name of ['1.jpg', '2.jpg']) writeFileSync(path.join(images, name), `whole ${name}`);
  const pictures = new Pictures(images, path.join(folder, 'spare'));
  const second = path.join(images, '2.jpg');
  for (let round = 0; round < 2; round++) {
    pictures.break(['2.jpg'], defect);
    expect([pictures.whole, pictures.broken]).toEqual([['1.jpg'], ['2.jpg']]);
    const left = existsSync(second) ? readFileSync(second, 'utf8') : undefined;
    expect(left).toBe(
      { missing: undefined, empty: '', truncated: 'whole', 'no picture': 'This is no picture.\n' }[defect],
    );
    expect(readFileSync(path.join(images, '1.jpg'), 'utf8')).toBe('whole 1.jpg');
    pictures.repair();
    pictures.repair();
    expect(readFileSync(second, 'utf8')).toBe('whole 2.jpg');
    expect([pictures.whole, pictures.broken]).toEqual([['1.jpg', '2.jpg'], []]);
  }
  expect(readdirSync(images)).toEqual(['1.jpg', '2.jpg']);
});

test('last words are what comes after the last line of progress', () => {
  const progress = '20/900  total_loss 1.9\nevaluating 6/6, 0.3 s\nvalidation losses 6/6, 0.4 s\n';
  expect(finalMessage(`a note\n${progress}1.jpg: empty.\nStopped.\n`)).toBe('1.jpg: empty.\nStopped.');
  expect(finalMessage(progress)).toBe('');
});
