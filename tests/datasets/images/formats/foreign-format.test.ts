import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { decodeImage } from '../../../../datasets/images/decode';
import { readPictureHeader } from '../../../../datasets/images/picture-header';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foreign-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['HEIC', 'a.heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', /heif-convert/],
  ['JPEG XL', 'a.jxl', '\xff\x0a\0', /djxl/],
  ['JPEG XL', 'boxes.jxl', '\0\0\0\x0cJXL \r\n', /djxl/],
  ['JPEG 2000', 'a.jp2', '\0\0\0\x0cjP  \r\n', /opj_decompress/],
  ['PSD', 'a.psd', '8BPS\0\x01', /magick/],
  ['PDF', 'a.pdf', '%PDF-1.7', /pdftoppm/],
  ['DICOM', 'a.dcm', '\0'.repeat(128) + 'DICM', /dcm2img/],
  ['RAW', 'a.cr2', 'II*\0\x10\0\0\0CR\x02\0', /dcraw/],
  ['RAW', 'a.NEF', 'MM\0*\0\0\0\x08', /dcraw/],
])('%s is refused with what to do: %s', async (format, name, bytes, remedy) => {
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.from(bytes, 'latin1'));
  const refusal = {
    code: 'picture-unknown-type',
    facts: { format },
    message: expect.stringMatching(remedy) as string,
  };
  await expect(decodeImage(file)).rejects.toMatchObject(refusal);
  await expect(readPictureHeader(file)).rejects.toMatchObject(refusal);
});

test('AVIF, which begins like HEIC, and a TIFF are read', async () => {
  const picture = sharp({ create: { width: 3, height: 2, channels: 3, background: 'red' } });
  for (const format of ['avif', 'tiff'] as const) {
    const file = path.join(folder, `a.${format}`);
    await picture.clone().toFormat(format).toFile(file);
    expect(await readPictureHeader(file)).toMatchObject({ stored: { width: 3, height: 2 } });
    expect((await decodeImage(file)).size).toEqual({ width: 3, height: 2 });
  }
});
