import type { CocoDataset } from '../../datasets/coco/annotations';
import { describeMatch } from '../../datasets/coco/categories/describe-match';
import { matchCategories } from '../../datasets/coco/categories/match-categories';
import { meantCategories } from '../../datasets/coco/categories/meant-categories';
import { gtTargets } from '../../datasets/coco/targets';
import type { InputSpec } from '../../detection/structures/input-spec';
import { resizedSize } from '../../detection/structures/resize';
import { describeDetector, type DescribedDetector } from '../../weights/detectors/describe-detector';
import { describeSides } from '../../weights/detectors/given-sides';
import { namedModel } from '../config/model-name';
import { pluralize } from '../terminal/pluralize';
import { sayingDownloads } from './downloads';
import type { GivenDetector } from './open-detector';

/** Objects of a smaller side are hardly found: it is one cell of the finest maps of most detectors. */
const SMALL_SIDE = 8;

/** What weights are those of. @throws InputError where they cannot be used. */
export function givenDetector(
  weights: string,
  { model, ...given }: GivenDetector,
): Promise<DescribedDetector> {
  const wanted = namedModel(model);
  return sayingDownloads((finding) => describeDetector(weights, { model: wanted, ...given, ...finding }));
}

/**
 * How a data set suits a detector, a line each: the detector, whose categories are whose, and what becomes of pictures and
 * objects when it resizes them.
 *
 * @throws InputError where nothing is in common.
 */
export function describeFit(set: CocoDataset, detector: DescribedDetector): string[] {
  const match = matchCategories(detector.categories, set.categories);
  const common = meantCategories(match, set).filter(({ id }) => set.hasCategory(id)).length;
  return [
    `detector:   ${detector.definition.name}, ${pluralize(detector.categories.length, 'category', 'categories')}`,
    `in common:  ${pluralize(common, 'category', 'categories')}`,
    ...describeMatch(match, set.file).map((line) => `note: ${line}`),
    ...describeSizes(set, detector.options.input ?? detector.definition.input),
  ];
}

function describeSizes(set: CocoDataset, { resize }: InputSpec): string[] {
  const images = set.images.map((image) => {
    const resized = resizedSize(image, resize);
    return { image, byX: resized.width / image.width, byY: resized.height / image.height };
  });
  const scales = images.map(({ byX, byY }) => Math.sqrt(byX * byY));
  const sides = images.flatMap(({ image, byX, byY }) => {
    const { boxes, labels } = gtTargets(set, image);
    return Array.from(labels, (_, k) =>
      Math.min((boxes[4 * k + 2] - boxes[4 * k]) * byX, (boxes[4 * k + 3] - boxes[4 * k + 1]) * byY),
    );
  });
  const numSmall = sides.filter((side) => side < SMALL_SIDE).length;
  const size = resize.kind === 'fixed' ? `${resize.width} x ${resize.height} pixels` : describeSides(resize);
  const hint = resize.kind === 'fixed' ? '' : '; larger pictures have larger ones (--min-size, --max-size)';
  return [
    `resized to: ${size}`,
    `scale:      ${rangeOf(scales)}`,
    `objects:    ${rangeOf(sides)} pixels on the shorter side after resizing`,
    ...(numSmall > 0
      ? [
          `note: ${pluralize(numSmall, 'object is', 'objects are')} smaller than ${SMALL_SIDE} pixels then${hint}`,
        ]
      : []),
  ];
}

/** `0.4 to 1.2, median 0.5`. */
function rangeOf(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, median, most] = [0, sorted.length >> 1, sorted.length - 1].map((k) =>
    sorted[k].toPrecision(3),
  );
  return `${least} to ${most}, median ${median}`;
}
