import { aspectRatioGroups } from '../../datasets/samplers/aspect-ratio-groups';
import { squareSide } from '../../datasets/transforms/scale-jitter';
import type { InputSpec } from '../../detection/structures/input-spec';
import { paddedSize, resizedSize } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import type { CompleteConfiguration } from '../config/complete';
import type { BatchShape } from '../memory/probe-batch';

/**
 * The largest shape that a batch of a training set can have: the highest and the widest picture of those that may share one,
 * at the largest size that is drawn.
 */
export function largestBatch(
  pictures: readonly Size[],
  input: InputSpec,
  { data }: Pick<CompleteConfiguration, 'data'>,
): BatchShape {
  const images = data.batchSize;
  if (data.scaleJitter !== null) {
    const side = squareSide(input);
    return { images, height: side, width: side };
  }
  const resize = largestResize(input, data.trainMinSizes);
  if (data.iouCrop > 0 && resize.kind === 'shorter-side') return largestOfParts(images, resize, input);
  const sizes = pictures.map((size) => resizedSize(size, resize));
  // Alone in a batch, or among pictures of its own proportions only: no picture is padded to another's proportions.
  const groups = images === 1 ? sizes.map((_, i) => i) : groupsOf(pictures, data.aspectRatioGrouping);
  const largest = new Map<number, { height: number; width: number }>();
  sizes.forEach(({ height, width }, i) => {
    const ofGroup = largest.get(groups[i]);
    largest.set(groups[i], {
      height: Math.max(height, ofGroup?.height ?? 0),
      width: Math.max(width, ofGroup?.width ?? 0),
    });
  });
  const padded = [...largest.values()].map((size) => paddedSize([size], input.sizeDivisor));
  return { images, ...padded.reduce((a, b) => (b.height * b.width > a.height * a.width ? b : a)) };
}

function largestResize({ resize }: InputSpec, trainMinSizes: readonly number[] | null): InputSpec['resize'] {
  if (resize.kind === 'fixed' || trainMinSizes === null) return resize;
  return { ...resize, minSize: Math.max(...trainMinSizes) };
}

/** Parts of pictures have any proportions. */
function largestOfParts(
  images: number,
  { minSize, maxSize }: { readonly minSize: number; readonly maxSize: number },
  { sizeDivisor }: InputSpec,
): BatchShape {
  const height = images === 1 ? minSize : maxSize;
  return { images, ...paddedSize([{ height, width: maxSize }], sizeDivisor) };
}

function groupsOf(pictures: readonly Size[], isGrouped: boolean): ArrayLike<number> {
  return isGrouped ? aspectRatioGroups(pictures) : new Int32Array(pictures.length);
}
