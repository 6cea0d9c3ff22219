import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PNG } from 'pngjs';
import { unusedRangeNote } from '../../../datasets/images/unused-range';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'range-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A gray picture of two pixels, 0 and this value. */
function picture(name: string, largest: number, bitDepth: 8 | 16): string {
  const png = new PNG({ width: 2, height: 1 });
  const data = Buffer.from(
    bitDepth === 16 ? Uint16Array.of(0, largest).buffer : Uint8Array.of(0, largest).buffer,
  );
  const encoded = PNG.sync.write(Object.assign(png, { data }), {
    bitDepth,
    colorType: 0,
    inputColorType: 0,
    inputHasAlpha: false,
  });
  const file = path.join(folder, name);
  writeFileSync(file, encoded);
  return file;
}

test('16-bit pictures with values of few bits are told, by the brightest of them', async () => {
  const files = [900, 1023, 17].map((value, i) => picture(`dark-${i}.png`, value, 16));
  const usual = picture('usual.png', 3, 8);
  const broken = path.join(folder, 'broken.png');
  writeFileSync(broken, 'no picture');
  const note = /^16-bit pictures have values up to 1023 of 65535.*`magick IN -level 0,1023 OUT\.png`/;
  expect(await unusedRangeNote([...files, usual, broken, path.join(folder, 'missing.png')])).toMatch(note);
  // 21 of them: the last one is not looked at.
  const many = Array.from({ length: 20 }, () => files[1]);
  expect(await unusedRangeNote([...many, picture('wide.png', 60000, 16)])).toMatch(note);
});

test('those that use their range are not, nor is a set without any', async () => {
  const [dark, wide] = [picture('dark.png', 900, 16), picture('edge.png', 4096, 16)];
  expect(await unusedRangeNote([dark, wide])).toBeUndefined();
  expect(await unusedRangeNote([picture('gray.png', 3, 8)])).toBeUndefined();
  expect(await unusedRangeNote([])).toBeUndefined();
});
