import type { Size } from '../../../detection/structures/size';
import { shownValue } from '../../coco/problems';
import { TASK_NAMES, type IouType } from '../parameters';
import { Counted } from './counted';
import { isOfOtherSize, OTHER_MASK_SIZE } from './mask-size';

const REPAIR = 'See `rcnn check --repair`.';
/** What there is to say of boxes with NaN or infinite numbers. */
export const NON_FINITE_BOX =
  'As in pycocotools, an overlap with such a box may be NaN, which counts as a match: the numbers mean little.';

const FILLED_AREA: Readonly<Record<IouType, string>> = {
  bbox: 'width * height of the box is used.',
  segm: 'That of the mask is used.',
  keypoints:
    'width * height of the box is used, about twice what an object covers: keypoints may be that much farther off than by ' +
    "COCO's measure.",
};

/** Whether a polygon ends with an x that lacks its y. */
export function hasHalfCorner(polygon: unknown): polygon is readonly unknown[] {
  return Array.isArray(polygon) && polygon.length % 2 === 1;
}

/** What the user should know of a file that pycocotools evaluates, though something in it is odd. */
export class TruthNotes {
  constructor(private readonly iouType: IouType) {}

  private readonly unknownImages = new Counted();
  private readonly unknownCategories = new Counted();
  private readonly withoutArea = new Counted();
  private readonly withoutCrowd = new Counted();
  private readonly textCrowds = new Counted();
  private readonly negative = new Counted();
  private readonly outside = new Counted();
  private readonly nonFinite = new Counted();
  private readonly nonFiniteAreas = new Counted();
  private readonly otherSizes = new Counted();
  private readonly halfCorners = new Counted();
  /** Annotations without "keypoints". */
  readonly withoutKeypoints = new Counted();
  /** Annotations with keypoints, but without "num_keypoints". */
  readonly withoutNumKeypoints = new Counted();
  /** Annotations whose "num_keypoints" says something else than their keypoints. */
  readonly otherNumKeypoints = new Counted();
  private readonly others: string[] = [];
  private hasIdZero = false;

  ofUnknownImage(index: number, id: unknown): void {
    this.unknownImages.add(`annotations[${index}]: ${shownValue(id)}`);
  }

  ofUnknownCategory(index: number, id: unknown): void {
    this.unknownCategories.add(`annotations[${index}]: ${shownValue(id)}`);
  }

  ofSizes(images: readonly Size[]): void {
    const count = images.filter(({ width, height }) => width === 0 || height === 0).length;
    if (count === 0) return;
    this.others.push(
      `Images without a width or height from 1 up: ${count}. ` +
        (this.iouType === 'segm'
          ? 'Polygons in them are empty masks.'
          : `Evaluation of ${TASK_NAMES[this.iouType]} needs none.`),
    );
  }

  /** An annotation that counts. */
  ofAnnotation(
    index: number,
    { id, area, iscrowd, segmentation }: Readonly<Record<string, unknown>>,
    [x, y, width, height]: readonly number[],
    image: Size,
  ): void {
    const place = `annotations[${index}]`;
    if (area === undefined) this.withoutArea.add(place);
    if (iscrowd === undefined) this.withoutCrowd.add(place);
    if (typeof iscrowd === 'string') this.textCrowds.add(place);
    if (![x, y, width, height].every(Number.isFinite)) this.nonFinite.add(place);
    if (typeof area === 'number' && !Number.isFinite(area)) this.nonFiniteAreas.add(place);
    if (Array.isArray(segmentation) && segmentation.some(hasHalfCorner)) this.halfCorners.add(place);
    if (isOfOtherSize(segmentation, image)) this.otherSizes.add(place);
    if (width < 0 || height < 0) this.negative.add(place);
    const isKnown = image.width > 0 && image.height > 0;
    if (isKnown && (x >= image.width || y >= image.height || x + width < 0 || y + height < 0)) {
      this.outside.add(place);
    }
    if (Number(id ?? NaN) === 0) this.hasIdZero = true;
  }

  ofFractions(list: 'images' | 'categories', ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.others.push(
      `Ids of "${list}" that are no whole numbers: ${ids.length}. They are taken as they are. ${REPAIR}`,
    );
  }

  ofRepeatedIds(count: number): void {
    this.others.push(
      `Annotations with the id of another one: ${count}. pycocotools takes the last of an id in the place of all of them, so the ` +
        `numbers, which are pycocotools', are not those of these objects. ${REPAIR}`,
    );
  }

  ofRepeated(list: 'images' | 'categories', count: number): void {
    this.others.push(`Entries of "${list}" with the id of another one: ${count}. The last of an id counts.`);
  }

  ofText(list: 'images' | 'categories'): void {
    this.others.push(`Ids of "${list}" are text. In the result they are numbered from 1 in their order.`);
  }

  lines(): string[] {
    return [
      ...this.unknownImages.note('Annotations of images that the file lacks', `They do not count. ${REPAIR}`),
      ...this.unknownCategories.note(
        'Annotations of categories that the file lacks',
        `They do not count. ${REPAIR}`,
      ),
      ...this.withoutArea.note('Annotations without "area"', FILLED_AREA[this.iouType]),
      ...this.withoutCrowd.note('Annotations without "iscrowd"', '0 is used.'),
      ...this.textCrowds.note(
        'Annotations whose "iscrowd" is text',
        `pycocotools takes any text for yes, "0" too: the objects are ignored. ${REPAIR}`,
      ),
      ...this.negative.note(
        'Annotations with a negative width or height',
        'Nothing overlaps such a box: the objects count as missed.',
      ),
      ...this.nonFinite.note('Annotations whose box has NaN or an infinite number', NON_FINITE_BOX),
      ...this.nonFiniteAreas.note(
        'Annotations whose "area" is NaN or infinite',
        'Objects with NaN count as small, as medium and as large; those with an infinite area are ignored.',
      ),
      ...this.halfCorners.note(
        'Polygons with an odd number of coordinates',
        'As in pycocotools, the last one is left out.',
      ),
      ...this.withoutKeypoints.note(
        'Annotations without "keypoints"',
        'They are ignored: what is found there is neither right nor wrong.',
      ),
      ...this.withoutNumKeypoints.note(
        'Annotations without "num_keypoints"',
        'The keypoints whose visibility is above 0 are counted.',
      ),
      ...this.otherNumKeypoints.note(
        'Annotations of which either "num_keypoints" or the count of labeled keypoints is 0, and the other is not',
        `As in pycocotools, "num_keypoints" decides which objects are ignored. ${REPAIR}`,
      ),
      ...this.otherSizes.note('Masks of another size than their image', OTHER_MASK_SIZE),
      ...this.outside.note('Boxes wholly outside of their image', `They count as objects. ${REPAIR}`),
      ...(this.hasIdZero
        ? [
            'An annotation has id 0. pycocotools takes 0 for "not found": the object counts as missed even where it is found. ' +
              REPAIR,
          ]
        : []),
      ...this.others,
    ];
  }
}
