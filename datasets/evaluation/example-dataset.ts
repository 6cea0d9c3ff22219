import { CocoDataset, type CocoAnnotation } from '../coco/annotations';
import { compressMask, rleArea } from '../coco/masks/rle';
import { countLabeled } from '../coco/keypoints/keypoint-faults';
import type { Example, ExampleTruth } from '../examples';

/**
 * Examples as a data set to evaluate on. Category ids are the labels, 1..K. Masks and keypoints come along where there are some.
 *
 * @param categories names by label - 1
 * @throws RangeError where image ids are not unique, or labels are not 1..K
 */
export function exampleDataset(examples: readonly Example[], categories: readonly string[]): CocoDataset {
  const sorted = [...examples].sort((a, b) => a.imageId - b.imageId);
  const images = sorted.map(({ imageId, file, size }, i) => {
    if (i > 0 && sorted[i - 1].imageId === imageId)
      throw new RangeError(`two examples have image id ${imageId}`);
    return { id: imageId, fileName: typeof file === 'string' ? file : '', ...size };
  });
  const annotations: CocoAnnotation[] = [];
  for (const { imageId, ...example } of sorted) {
    const truth = example.evaluation ?? truthOf(example);
    const { boxes, area, isCrowd, labels, ids } = truth;
    labels.forEach((label, k) => {
      if (!(label >= 1 && label <= categories.length)) {
        throw new RangeError(
          `image ${imageId} has label ${label}; there are ${categories.length} categories`,
        );
      }
      annotations.push({
        id: ids?.[k] ?? annotations.length + 1,
        imageId,
        categoryId: label,
        bbox: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]],
        area: area[k],
        isCrowd: isCrowd[k] !== 0,
        ...shapesOf(truth, k),
      });
    });
  }
  const named = categories.map((name, k) => ({ id: k + 1, name }));
  return new CocoDataset('examples', null, images, named, annotations, []);
}

/** The mask and the keypoints of an object, as a COCO file has them. */
function shapesOf(
  { masks, keypoints, numKeypoints }: ExampleTruth,
  index: number,
): Pick<CocoAnnotation, 'segmentation' | 'keypoints' | 'numKeypoints'> {
  const mask = masks?.[index];
  const points = keypoints?.[index];
  return {
    ...(mask && { segmentation: compressMask(mask) }),
    ...(points && { keypoints: points, numKeypoints: numKeypoints?.[index] ?? countLabeled(points) }),
  };
}

/** An object whose mask is known has its area. */
function truthOf({ targets }: Pick<Example, 'targets'>): ExampleTruth {
  const { boxes: gtBoxes, labels, masks, hasMask, keypoints } = targets;
  const boxes = Float64Array.from(gtBoxes, (value, i) => (i % 4 < 2 ? value : value - gtBoxes[i - 2]));
  const ownMasks = masks?.map((mask, k) => (hasMask?.[k] === 0 ? undefined : mask));
  const area = Float64Array.from(labels, (_, k) => {
    const mask = ownMasks?.[k];
    return mask ? rleArea(mask) : boxes[4 * k + 2] * boxes[4 * k + 3];
  });
  const row = keypoints === undefined ? 0 : keypoints.length / labels.length;
  return {
    boxes,
    area,
    isCrowd: new Uint8Array(labels.length),
    labels,
    ...(ownMasks && { masks: ownMasks }),
    ...(keypoints && {
      keypoints: Array.from(labels, (_, k) => [...keypoints.subarray(k * row, (k + 1) * row)]),
    }),
  };
}
