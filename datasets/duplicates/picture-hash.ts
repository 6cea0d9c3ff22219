import { decodeShrunk } from '../images/decode';
import { differenceHash } from './difference-hash';

/** Pixels that are enough of a side: 64 of each of the hash's 9 cells. */
const MIN_SIDE = 576;

/**
 * The difference hash of a picture file, as stored.
 *
 * @param name what messages call it
 * @throws ImageError where it cannot be decoded
 */
export async function pictureHash(bytes: Buffer, name: string): Promise<string> {
  return differenceHash(await decodeShrunk(bytes, name, MIN_SIDE));
}
