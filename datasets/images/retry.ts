import { setTimeout } from 'node:timers/promises';
import { decodeImage, ImageError, type DecodedImage, type DecodeOptions, type ImageFault } from './decode';
import { isOutOfFiles } from './out-of-files';

/**
 * Milliseconds before the second and the third attempt: a network file system needs about a second to come back from a
 * lost connection or a stale handle, and a picture that is really damaged costs no more than that.
 */
const WAITS = [200, 800];
/** What no second look would change. */
const LASTING: readonly ImageFault[] = ['size', 'too large'];

/**
 * As decodeImage, but a file that cannot be read is read again, and once more: a file system may hiccup.
 *
 * @throws the error of the last attempt
 */
export async function decodeImageWithRetries(
  picture: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const waits = typeof picture === 'string' ? WAITS : [];
  for (const wait of waits) {
    try {
      return await decodeImage(picture, options);
    } catch (error) {
      if (!mayPass(error)) throw error;
      await setTimeout(wait);
    }
  }
  return decodeImage(picture, options);
}

function mayPass(error: unknown): boolean {
  if (error instanceof ImageError) return !LASTING.includes(error.fault);
  return error instanceof Error && isOutOfFiles(error);
}
