import type { InputSpec } from '../../detection/structures/input-spec';
import type { Mask } from '../../detection/structures/mask';
import { columnRuns } from '../../detection/structures/mask-runs';
import { batchSlot, partOfSlot, resizeAndNormalize, type ImageSlot } from '../../detection/structures/resize';
import type { Size, Window } from '../../detection/structures/size';
import type { DecodedImage } from '../images/decode';
import { decodeImageWithRetries } from '../images/retry';
import { movePicture } from '../transforms/geometry';
import { changeColors } from '../transforms/photometric';
import { applyAugmentation } from './apply-augmentation';
import { sizeInBatch, type ImageJob, type PictureJob } from './batch-job';

/**
 * Makes the pixels of an image of a batch, one of its pictures after the other.
 *
 * @param onPicture is told which of the image's pictures is next.
 * @throws ImageError where a picture cannot be used; AugmentationError
 */
export async function renderImage(
  image: ImageJob,
  input: InputSpec,
  slot: ImageSlot,
  onPicture: (part: number) => void,
): Promise<void> {
  const { mosaic = [], pasted } = image;
  if (mosaic.length > 0) clear(slot);
  const tiles = [image, ...mosaic];
  for (const [part, picture] of tiles.entries()) {
    onPicture(part);
    const pixels = await loadPicture(picture);
    if (mosaic.length > 0) renderTile(picture, pixels, input, slot);
    else renderPicture(picture, pixels, input, slot);
  }
  if (!pasted) return;
  onPicture(tiles.length);
  const size = sizeInBatch(image);
  const over = new Float32Array(size.height * size.width * 3);
  renderPicture(pasted.picture, await loadPicture(pasted.picture), input, batchSlot(over, size, 0));
  paste(over, pasted.area, slot);
}

/** The pixels of a picture before it is mirrored and resized. */
async function loadPicture(picture: PictureJob): Promise<DecodedImage> {
  const { file, size, upright, colorChanges = [], steps = [] } = picture;
  const decoded = await decodeImageWithRetries(file, { expectedSize: size, upright });
  changeColors(decoded.pixels, colorChanges);
  return movePicture(await applyAugmentation(decoded, picture), steps);
}

function renderPicture(
  { resized, window, flip }: PictureJob,
  pixels: DecodedImage,
  input: InputSpec,
  slot: ImageSlot,
): void {
  resizeAndNormalize(pixels, resized, slot, { ...input, flip, window });
}

/** Of a mosaic: writes the pixels that are the picture's and leaves all others. */
function renderTile(
  { resized, window = { top: 0, left: 0, ...resized }, flip }: PictureJob,
  pixels: DecodedImage,
  input: InputSpec,
  slot: ImageSlot,
): void {
  const seen = overlap(window, resized);
  const place = { ...seen, top: seen.top - window.top, left: seen.left - window.left };
  resizeAndNormalize(pixels, resized, partOfSlot(slot, place), { ...input, flip, window: seen });
}

/** The part of a window that lies in a picture. */
function overlap({ top, left, height, width }: Window, picture: Size): Window {
  const first = { top: Math.max(0, top), left: Math.max(0, left) };
  return {
    ...first,
    height: Math.max(0, Math.min(top + height, picture.height) - first.top),
    width: Math.max(0, Math.min(left + width, picture.width) - first.left),
  };
}

function clear({ batch, offset, rows, rowStride }: ImageSlot): void {
  batch.fill(0, offset, offset + rows * rowStride);
}

/** Copies an area of one image, [height, width, 3], over another one. */
function paste(values: Float32Array, area: Mask, { batch, offset, rowStride }: ImageSlot): void {
  const { firstRun, starts, ends } = columnRuns(area);
  for (let x = 0; x < area.size.width; x++) {
    for (let run = firstRun[x]; run < firstRun[x + 1]; run++) {
      for (let y = starts[run]; y < ends[run]; y++) {
        const from = (y * area.size.width + x) * 3;
        batch.set(values.subarray(from, from + 3), offset + y * rowStride + x * 3);
      }
    }
  }
}
