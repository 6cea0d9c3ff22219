import { InputError } from '../../detection/errors';
import { RandomStream } from '../../detection/nn/random';
import type { CocoFile, CocoFileImage } from '../coco/coco-file';
import { stratify, type ImageGroup } from './stratify';

/** How a data set is split. */
export interface SplitOptions {
  /** Share of the images by the name of the part: `{ train: 0.8, val: 0.2 }`. They add up to 1. */
  readonly shares: Readonly<Record<string, number>>;
  /** Seed of the choices that are left open. Default 0. */
  readonly seed?: number;
  /**
   * What tells groups of images apart that have to stay together, such as the frames of a video. Undefined for an image
   * that stands for itself. Default: all do.
   */
  readonly groupOf?: (image: CocoFileImage) => string | undefined;
}

/** Label of images without objects. */
const NO_OBJECT = -1;
/** Sums of decimals such as 0.7 + 0.2 + 0.1. */
const TOLERANCE = 1e-6;

/**
 * Splits a data set into parts that have about the same share of each category, by iterative stratification
 * (`stratify`); images without objects are spread in the same way. Each image gets into exactly one part, with all of its
 * annotations; every entry stays as it is, in the order of the file, and each part has all categories and all other keys of
 * the file. The result depends on the images' names, their categories and the seed, and not on the order of the file.
 *
 * @returns the parts by name, in the order of `shares`.
 * @throws InputError where the shares are no shares, or a part would get no image.
 */
export function splitDataset(
  file: CocoFile,
  { shares, seed = 0, groupOf }: SplitOptions,
): Map<string, CocoFile> {
  const names = Object.keys(shares);
  requireShares(shares);
  const groups = imageGroups(file, groupOf);
  const labels = labelsOfImages(file);
  const parts = stratify(
    groups.map((images) => imageGroup(images, labels)),
    names.map((name) => shares[name]),
    new RandomStream(seed, 'split'),
  );
  const partOf = new Map(groups.flatMap((images, group) => images.map(({ id }) => [id, parts[group]])));
  return new Map(names.map((name, part) => [name, partOfFile(file, name, part, partOf, groups.length)]));
}

function requireShares(shares: Readonly<Record<string, number>>): void {
  const values = Object.entries(shares);
  const wrong = values.find(([, share]) => !(share > 0 && share < 1));
  const sum = values.reduce((total, [, share]) => total + share, 0);
  if (values.length >= 2 && !wrong && Math.abs(sum - 1) < TOLERANCE) return;
  const reason =
    values.length < 2
      ? 'two parts or more are needed'
      : wrong
        ? `that of ${wrong[0]} is ${wrong[1]}, not a number above 0 and below 1`
        : `they add up to ${Number(sum.toFixed(6))}, not to 1`;
  throw new InputError('split-shares', `The shares are wrong: ${reason}.`, { shares });
}

/** Groups, and the images in each, in an order that does not depend on the file's. */
function imageGroups(
  { images }: CocoFile,
  groupOf: (image: CocoFileImage) => string | undefined = () => undefined,
): CocoFileImage[][] {
  const sorted = [...images].sort((a, b) => compare(a.file_name, b.file_name) || a.id - b.id);
  const groups: CocoFileImage[][] = [];
  const byKey = new Map<string, CocoFileImage[]>();
  for (const image of sorted) {
    const key = groupOf(image);
    const known = key === undefined ? undefined : byKey.get(key);
    if (known) {
      known.push(image);
      continue;
    }
    const group = [image];
    groups.push(group);
    if (key !== undefined) byKey.set(key, group);
  }
  return groups;
}

/** Labels of each image with objects. Labels go by the names of the categories: ids may be given in any order. */
function labelsOfImages({ annotations, categories }: CocoFile): Map<number, Set<number>> {
  const sorted = [...categories].sort((a, b) => compare(a.name, b.name) || a.id - b.id);
  const labelOf = new Map(sorted.map(({ id }, label) => [id, label]));
  const labels = new Map<number, Set<number>>();
  for (const { image_id: image, category_id: category } of annotations) {
    const label = labelOf.get(category)!;
    const known = labels.get(image);
    if (known) known.add(label);
    else labels.set(image, new Set([label]));
  }
  return labels;
}

function imageGroup(
  images: readonly CocoFileImage[],
  labelsOf: ReadonlyMap<number, ReadonlySet<number>>,
): ImageGroup {
  const labels = new Map<number, number>();
  for (const { id } of images) {
    for (const label of labelsOf.get(id) ?? [NO_OBJECT]) labels.set(label, (labels.get(label) ?? 0) + 1);
  }
  return { images: images.length, labels };
}

function partOfFile(
  file: CocoFile,
  name: string,
  part: number,
  partOf: ReadonlyMap<number, number>,
  numGroups: number,
): CocoFile {
  const images = file.images.filter(({ id }) => partOf.get(id) === part);
  if (images.length === 0) {
    throw new InputError(
      'split-empty',
      `The part ${name} would get none of the ${file.images.length} images (${numGroups} groups); give it a larger share.`,
      { part: name },
    );
  }
  return {
    ...file,
    images,
    annotations: file.annotations.filter(({ image_id: image }) => partOf.get(image) === part),
  };
}

/** By UTF-16 code units: the same in every language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
