import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { MAX_PIXELS, readPictureHeader, sharpOptions } from './picture-header';

/** So many pictures tell what the others are like. */
const SAMPLES = 20;
/** 12 bits: what cameras and microscopes that store 16 bits often use less than. */
const WIDE_RANGE = 4096;

/**
 * What there is to say of 16-bit pictures whose values leave most of their range unused: scaled to 8 bits they are nearly black.
 * Judged by some of the pictures, spread over all of them; those that cannot be read are left to whoever uses them.
 */
export async function unusedRangeNote(files: readonly string[]): Promise<string | undefined> {
  const step = Math.max(1, files.length / SAMPLES);
  const samples = Array.from(
    { length: Math.min(SAMPLES, files.length) },
    (_, k) => files[Math.floor(k * step)],
  );
  const values = await Promise.all(samples.map(largestValue));
  const largest = Math.max(-1, ...values.filter((value) => value !== undefined));
  if (largest < 0 || largest >= WIDE_RANGE) return undefined;
  return (
    `16-bit pictures have values up to ${largest} of 65535 (by a sample): in the 8 bits that a detector sees they are nearly ` +
    `black. \`magick IN -level 0,${largest} OUT.png\` stretches them; take the same numbers for all pictures`
  );
}

/** Of a 16-bit picture; undefined of others, and of those that cannot be read. */
async function largestValue(file: string): Promise<number | undefined> {
  try {
    const { is16Bit } = await readPictureHeader(file);
    if (!is16Bit) return undefined;
    const { channels } = await sharp(await readFile(file), sharpOptions(MAX_PIXELS))
      .removeAlpha()
      .stats();
    return Math.max(...channels.map(({ max }) => max));
  } catch {
    return undefined;
  }
}
