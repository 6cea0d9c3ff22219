import type { Size } from '../../../detection/structures/size';
import { shownValue } from '../../coco/problems';
import type { IouType } from '../parameters';

/** Things of one kind, counted, with the places of the first few. */
class Counted {
  private count = 0;
  private readonly places: string[] = [];

  add(place: string): void {
    this.count++;
    if (this.places.length < LISTED) this.places.push(place);
  }

  note(what: string, then: string): string[] {
    if (this.count === 0) return [];
    const places = this.places.join(', ') + (this.count > LISTED ? ', ...' : '');
    return [`${what}: ${this.count} (${places}). ${then}`];
  }
}

const LISTED = 3;
const REPAIR = 'See `rcnn check --repair`.';

/** What the user should know of a file that pycocotools evaluates, though something in it is odd. */
export class TruthNotes {
  private readonly unknownImages = new Counted();
  private readonly unknownCategories = new Counted();
  private readonly withoutArea = new Counted();
  private readonly withoutCrowd = new Counted();
  private readonly textCrowds = new Counted();
  private readonly negative = new Counted();
  private readonly outside = new Counted();
  private readonly others: string[] = [];
  private hasIdZero = false;

  ofUnknownImage(index: number, id: unknown): void {
    this.unknownImages.add(`annotations[${index}]: ${shownValue(id)}`);
  }

  ofUnknownCategory(index: number, id: unknown): void {
    this.unknownCategories.add(`annotations[${index}]: ${shownValue(id)}`);
  }

  ofSizes(images: readonly Size[], iouType: IouType): void {
    const count = images.filter(({ width, height }) => width === 0 || height === 0).length;
    if (count === 0) return;
    this.others.push(
      `Images without a width or height from 1 up: ${count}. ` +
        (iouType === 'bbox' ? 'Boxes need none.' : 'Polygons in them are empty masks.'),
    );
  }

  /** An annotation that counts. */
  ofAnnotation(
    index: number,
    { id, area, iscrowd }: Readonly<Record<string, unknown>>,
    [x, y, width, height]: readonly number[],
    image: Size,
  ): void {
    const place = `annotations[${index}]`;
    if (area === undefined) this.withoutArea.add(place);
    if (iscrowd === undefined) this.withoutCrowd.add(place);
    if (typeof iscrowd === 'string') this.textCrowds.add(place);
    if (width < 0 || height < 0) this.negative.add(place);
    const isKnown = image.width > 0 && image.height > 0;
    if (isKnown && (x >= image.width || y >= image.height || x + width < 0 || y + height < 0)) {
      this.outside.add(place);
    }
    if (Number(id ?? NaN) === 0) this.hasIdZero = true;
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
      ...this.withoutArea.note('Annotations without "area"', 'width * height of the box is used.'),
      ...this.withoutCrowd.note('Annotations without "iscrowd"', '0 is used.'),
      ...this.textCrowds.note(
        'Annotations whose "iscrowd" is text',
        `pycocotools takes any text for yes, "0" too: the objects are ignored. ${REPAIR}`,
      ),
      ...this.negative.note(
        'Annotations with a negative width or height',
        'Nothing overlaps such a box: the objects count as missed.',
      ),
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
