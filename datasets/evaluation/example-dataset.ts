import { CocoDataset, type CocoAnnotation } from '../coco/annotations';
import type { Example, ExampleTruth } from '../examples';

/**
 * Examples as a data set to evaluate on. Category ids are the labels, 1..K. Masks do not come along: boxes are what can be
 * evaluated.
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
    const { boxes, area, isCrowd, labels, ids } = example.evaluation ?? truthOf(example);
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
      });
    });
  }
  const named = categories.map((name, k) => ({ id: k + 1, name }));
  return new CocoDataset('examples', null, images, named, annotations, []);
}

function truthOf({ targets: { boxes: gtBoxes, labels } }: Pick<Example, 'targets'>): ExampleTruth {
  const boxes = Float64Array.from(gtBoxes, (value, i) => (i % 4 < 2 ? value : value - gtBoxes[i - 2]));
  const area = Float64Array.from(labels, (_, k) => boxes[4 * k + 2] * boxes[4 * k + 3]);
  return { boxes, area, isCrowd: new Uint8Array(labels.length), labels };
}
