import path from 'node:path';
import { AnnotationError } from '../../coco/annotations';
import type { CocoFileAnnotation, CocoFileCategory, CocoFileImage } from '../../coco/coco-file';
import { ProblemList } from '../../coco/problems';
import { ImageError } from '../../images/image-error';
import { isSameSize, type PictureHeader } from '../../images/picture-header';
import type { Size } from '../../../detection/structures/size';
import type { DatasetPart, ReadDataset, ReadOptions } from '../dataset-part';
import { readTextFile } from '../folders';
import { readPictureHeaders } from '../picture-headers';
import { boxOfCorners, type VocBoxes } from './voc-boxes';
import { findVocLayout, type VocPart } from './voc-layout';
import { PictureFinder } from '../picture-finder';
import type { VocElement } from './voc-values';
import { parseVocXml, VOC_DEFAULTS, withoutDefaults, type VocObject, type VocPicture } from './voc-xml';

/** How a data set in Pascal VOC's format is read. */
export interface VocReadOptions extends ReadOptions {
  /**
   * What the corners of boxes mean. Default: `inclusive`, as VOC defines them, unless a box begins at 0, where
   * VOC has no pixel: then `edges`, for the whole set, with a note.
   */
  readonly boxes?: VocBoxes;
}

/** A picture of a part, with its file. */
interface Entry {
  readonly xml: string;
  readonly picture: VocPicture;
  readonly file: string;
}

/**
 * Reads a data set in Pascal VOC's format: `Annotations`, `JPEGImages` and `ImageSets/Main`, or XML files beside pictures. The
 * picture of an XML file is the one of the same name, or else the one that it names. `pose`, `truncated`, `occluded` and
 * `difficult` become keys of the annotations; all other elements are kept in a key `voc` of images and annotations, and are
 * written back by `writeVocDataset`. Categories are in the order of `classes.txt`, `labels.txt` or `labelmap.txt`, or
 * else sorted.
 *
 * @throws InputError where there is no XML file; AnnotationError with all files that are wrong.
 */
export async function readVocDataset(folder: string, options: VocReadOptions = {}): Promise<ReadDataset> {
  const { parts: places, classes, notes } = findVocLayout(folder);
  const problems = new ProblemList();
  const parts = places.map((place) => ({ place, entries: readEntries(place, problems) }));
  const entries = parts.flatMap((part) => part.entries);
  const found = await readPictureHeaders(
    entries.map(({ file }) => file),
    options,
  );
  const headers = new Map(entries.map((entry, index) => [entry, found[index]]));
  const boxes = options.boxes ?? boxesOf(entries);
  const builder = new VocBuilder(categoriesOf(entries, classes), boxes, problems);
  const built = parts.map((part) => builder.part(part.place, part.entries, headers));
  if (!problems.isEmpty) throw new AnnotationError(folder, problems.problems, problems.describe(folder));
  const isChanged = options.boxes === undefined && boxes === 'edges';
  return {
    parts: built,
    notes: [
      ...notes,
      ...(isChanged
        ? [
            'boxes begin at 0, where VOC has no pixel: all are read as edges from 0 (boxes: edges), not as pixels from 1',
          ]
        : []),
      ...difficultNote(entries),
    ],
  };
}

function readEntries(part: VocPart, problems: ProblemList): Entry[] {
  const finder = new PictureFinder(part.imageFolder);
  return part.stems.flatMap((stem) => {
    const xml = path.join(part.xmlFolder, `${stem}.xml`);
    const { picture, faults } = parseVocXml(readTextFile(xml));
    for (const { line, reason } of faults) {
      problems.add({ kind: 'structure', place: line === undefined ? xml : `${xml}, line ${line}`, reason });
    }
    if (picture === undefined) return [];
    const file = finder.find(stem, picture.fileName);
    if (file !== undefined) return [{ xml, picture, file }];
    const reason = `there is no picture called ${path.basename(stem)}${picture.fileName === '' ? '' : ` or ${picture.fileName}`} in ${part.imageFolder}`;
    problems.add({ kind: 'missing picture', place: xml, reason });
    return [];
  });
}

function boxesOf(entries: readonly Entry[]): VocBoxes {
  const objects = entries.flatMap(({ picture }) => picture.objects);
  return objects.some(({ corners }) => corners[0] < 1 || corners[1] < 1) ? 'edges' : 'inclusive';
}

function categoriesOf(entries: readonly Entry[], classes: readonly string[]): CocoFileCategory[] {
  const used = new Set(entries.flatMap(({ picture }) => picture.objects.map(({ name }) => name)));
  const names = new Set([...classes, ...[...used].sort()]);
  return [...names].map((name, index) => ({ id: index + 1, name }));
}

function difficultNote(entries: readonly Entry[]): string[] {
  const objects = entries.flatMap(({ picture }) => picture.objects);
  const count = objects.filter(({ traits }) => traits.difficult === '1').length;
  return count === 0
    ? []
    : [
        `${count} objects are marked as difficult; VOC's evaluation leaves them out, COCO's counts them like others`,
      ];
}

class VocBuilder {
  private numImages = 0;
  private numAnnotations = 0;
  private readonly idOf: ReadonlyMap<string, number>;

  constructor(
    private readonly categories: readonly CocoFileCategory[],
    private readonly boxes: VocBoxes,
    private readonly problems: ProblemList,
  ) {
    this.idOf = new Map(categories.map(({ id, name }) => [name, id]));
  }

  part(
    { name, imageFolder }: VocPart,
    entries: readonly Entry[],
    headers: ReadonlyMap<Entry, PictureHeader | ImageError>,
  ): DatasetPart {
    const images: CocoFileImage[] = [];
    const annotations: CocoFileAnnotation[] = [];
    for (const entry of entries) {
      const size = this.sizeOf(entry, headers.get(entry)!);
      if (size === undefined) continue;
      const id = ++this.numImages;
      const voc = otherElements(entry.picture);
      const { width, height } = size;
      const file_name = path.relative(imageFolder, entry.file);
      images.push({ id, file_name, width, height, ...(Object.keys(voc).length > 0 && { voc }) });
      for (const object of entry.picture.objects)
        annotations.push(this.annotation(entry.xml, object, id, size));
    }
    return { name, imageFolder, file: { images, annotations, categories: this.categories } };
  }

  /** What the file says, if the picture has that size as stored or as shown; the picture's, if the file says nothing. */
  private sizeOf({ xml, picture, file }: Entry, header: PictureHeader | ImageError): Size | undefined {
    const { width, height } = picture;
    if (header instanceof ImageError) {
      this.problems.add({ kind: 'unreadable picture', place: xml, reason: `${file}: ${header.reason}` });
      return undefined;
    }
    if (!(width > 0 && height > 0)) return header.shown;
    if (isSameSize(picture, header.shown) || isSameSize(picture, header.stored)) return { width, height };
    const { stored } = header;
    const reason = `<size> says ${width}x${height}, but ${file} has ${stored.width}x${stored.height} pixels`;
    this.problems.add({ kind: 'picture size', place: xml, reason });
    return undefined;
  }

  private annotation(
    xml: string,
    { name, corners, traits, others, line }: VocObject,
    image_id: number,
    { width, height }: Size,
  ): CocoFileAnnotation {
    const bbox = boxOfCorners(corners, this.boxes);
    const [x, y, w, h] = bbox;
    if (x >= width || y >= height || x + w < 0 || y + h < 0) {
      const reason = `the box ${corners.join(', ')} is outside of the picture, which has ${width}x${height} pixels`;
      this.problems.add({ kind: 'box', place: `${xml}, line ${line}`, reason });
    }
    return {
      id: ++this.numAnnotations,
      image_id,
      category_id: this.idOf.get(name)!,
      bbox,
      area: w * h,
      iscrowd: 0,
      ...Object.fromEntries(
        Object.entries(withoutDefaults(traits, VOC_DEFAULTS.object)).map(([key, text]) => [
          key,
          flagOf(text),
        ]),
      ),
      ...(Object.keys(others).length > 0 && { voc: others }),
    };
  }
}

/** Numbers as such if they are written again as they stand there; anything else as it stands there. */
function flagOf(text: string): number | string {
  return String(Number(text)) === text && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** What an image has no keys for. */
function otherElements({ others }: VocPicture): Record<string, unknown> {
  const { size, ...rest } = others;
  const ofImage = withoutDefaults(rest, VOC_DEFAULTS.image);
  if (typeof size !== 'object' || Array.isArray(size)) return ofImage;
  const ofSize = withoutDefaults(size as VocElement, VOC_DEFAULTS.size);
  delete ofSize.width;
  delete ofSize.height;
  return Object.keys(ofSize).length === 0 ? ofImage : { ...ofImage, size: ofSize };
}
