import { InputError } from '../../detection/errors';
import { loadUserModule, reasonOf } from '../../detection/files/user-module';
import { RandomStream } from '../../detection/nn/random';
import type { DecodedImage } from '../images/decode';
import {
  AugmentationError,
  thrownError,
  type Augmentation,
  type AugmentationFault,
} from '../transforms/augmentation';
import { pictureName, type PictureJob } from './batch-job';

/**
 * A decoded picture as the user's augmentation makes it: itself where there is none. Its pixels may be changed.
 *
 * @throws AugmentationError
 */
export async function applyAugmentation(image: DecodedImage, picture: PictureJob): Promise<DecodedImage> {
  if (picture.augmentation === undefined) return image;
  const { module, seed, stream } = picture.augmentation;
  const { imageId } = picture;
  const fault = (what: Omit<AugmentationFault, 'module' | 'imageId'>): AugmentationError =>
    new AugmentationError({ module, imageId, ...what });
  const augment = loadAugmentation(module);
  // A plain array: what a Buffer's slice returns would still be the picture.
  const { buffer, byteOffset, length } = image.pixels;
  const bytes = new Uint8Array(buffer, byteOffset, length);
  const { size } = image;
  let pixels: unknown;
  try {
    pixels = (await augment(bytes, { imageId, size, random: new RandomStream(seed, stream) })) ?? bytes;
  } catch (error) {
    const reason = `threw at ${pictureName(picture)}: ${reasonOf(error)}`;
    throw fault({ kind: 'thrown', reason, thrown: thrownError(error) });
  }
  if (!isBytes(pixels)) {
    const reason = `returned ${kindOf(pixels)} at ${pictureName(picture)}; a Uint8Array or nothing is expected`;
    throw fault({ kind: 'pixels', reason });
  }
  if (pixels.length !== length) {
    const expected = `${length}: R, G, B of ${size.width}x${size.height} pixels`;
    const reason = `returned ${pixels.length} bytes at ${pictureName(picture)}, which has ${expected}`;
    throw fault({ kind: 'pixels', reason });
  }
  return { size, pixels: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length) };
}

function loadAugmentation(module: string): Augmentation {
  let augment: unknown;
  try {
    augment = loadUserModule(module);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const reason = error.message.slice(`${module}: `.length);
    throw new AugmentationError({ kind: 'module', module, reason, thrown: thrownError(error.cause) });
  }
  if (isFunction(augment)) return augment;
  throw new AugmentationError({
    kind: 'module',
    module,
    reason: `its default export is ${kindOf(augment)}; a function (pixels, { imageId, size, random }) is expected`,
  });
}

/** What a function of the user takes and returns is seen when it runs. */
function isFunction(value: unknown): value is Augmentation {
  return typeof value === 'function';
}

function isBytes(value: unknown): value is Uint8Array | Uint8ClampedArray {
  return value instanceof Uint8Array || value instanceof Uint8ClampedArray;
}

/** `a string`, `an object`, `a Float32Array`. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const kind = typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
  return `${/^[aeiou]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}
