import type { Size } from '../../detection/structures/size';
import { frameOf } from '../coco/upright';
import { isSameSize, type Frame, type PictureHeader } from '../images/picture-header';
import { boxesThatFit, headerOf, sizeOf, sizeText, type FitsInto } from './image-sizes';
import type { Item, RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** An image whose size would be another if its picture were turned. */
interface Turnable {
  readonly item: Item;
  readonly size: Size;
  /** What its size says; undefined where the picture is not one that EXIF turns. */
  readonly frame: Frame | undefined;
  /** Whether the boxes fit into the size as it is, and with its sides swapped. */
  readonly fits: boolean;
  readonly fitsTurned: boolean;
}

/**
 * Sizes that the image's boxes do not fit into, where they fit into the same with its sides swapped, and the picture has that:
 * of size and boxes, one was taken before EXIF rotation, the other after it. Where boxes contradict sizes, and nowhere agree with
 * them alone, images whose boxes fit either way are taken to be of the same kind; where some do agree, those images are undecided.
 */
export async function repairTurnedSizes(set: RepairSet, context: RepairContext): Promise<RepairSet> {
  const fitsInto = boxesThatFit(set);
  const isContradicted = ({ fits, fitsTurned }: Turnable): boolean => !fits && fitsTurned;
  const suspects = await turnables(set.images, fitsInto, context, (item, size) => !fitsInto(item, size));
  const contradicted = suspects.filter(isContradicted);
  if (contradicted.length === 0) return set;

  const turned = new Map<Item, Item>();
  for (const each of contradicted) {
    turned.set(
      each.item,
      withTurnedSize(each, 'the boxes fit only into the picture turned that way', context),
    );
  }
  const others = await turnables(set.images, fitsInto, context, fitsInto);
  for (const frame of new Set(contradicted.map((each) => each.frame))) {
    if (frame === undefined) continue;
    const ofFrame = others.filter((other) => other.frame === frame);
    const isAgreed = ofFrame.some(({ fitsTurned }) => !fitsTurned);
    for (const other of ofFrame.filter(({ fitsTurned }) => fitsTurned)) {
      if (isAgreed) {
        const reason = `the boxes fit into ${sizeText(other.size)} and ${sizeText(turn(other.size))}; of other pictures, into one alone or the other`;
        context.log.undecidedAt('images', other.item, 'width', reason);
      } else {
        const reason = 'as of the other pictures that EXIF turns, where the boxes fit only so';
        turned.set(other.item, withTurnedSize(other, reason, context));
      }
    }
  }
  return { ...set, images: set.images.map((item) => turned.get(item) ?? item) };
}

/** Of the images that `isWanted`, those whose picture has the same sides as they, one way or the other. */
async function turnables(
  images: readonly Item[],
  fitsInto: FitsInto,
  context: RepairContext,
  isWanted: (item: Item, size: Size) => boolean,
): Promise<Turnable[]> {
  const found: Turnable[] = [];
  for (const item of images) {
    const size = sizeOf(item.entry);
    if (size === undefined || size.width === size.height || !isWanted(item, size)) continue;
    const header = await headerOf(item, context);
    const turned = turn(size);
    if (header === undefined || !hasSize(header, turned)) continue;
    const frame = frameOf(size, header);
    const fits = { fits: fitsInto(item, size), fitsTurned: fitsInto(item, turned) };
    found.push({ item, size, frame: frame === 'either' ? undefined : frame, ...fits });
  }
  return found;
}

function turn({ width, height }: Size): Size {
  return { width: height, height: width };
}

function hasSize({ stored, shown }: PictureHeader, size: Size): boolean {
  return isSameSize(stored, size) || isSameSize(shown, size);
}

function withTurnedSize({ item, size }: Turnable, why: string, { log }: RepairContext): Item {
  const turned = turn(size);
  const reason = `${sizeText(size)} becomes ${sizeText(turned)}: ${why}`;
  log.repaired('size of the other orientation', 'images', item, 'width', reason);
  return { ...item, entry: { ...item.entry, ...turned } };
}
