import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { makeFolders } from '../../../detection/files/make-folders';
import { makeWholeFolder } from '../../../detection/files/whole-folder';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { annotationsByImage } from '../../coco/annotations-by-image';
import type { CocoFileAnnotation, CocoFileImage } from '../../coco/coco-file';
import { shownValue } from '../../coco/problems';
import { CategoryUnion } from '../../sets/category-union';
import type { DatasetPart } from '../dataset-part';
import { withoutExtension } from '../folders';
import { NotKept, saysNothing } from '../not-kept';
import { OutputNames } from '../output-names';
import { placePicture } from '../place-pictures';
import { cornersOfBox, type VocBoxes } from './voc-boxes';
import { xmlLines } from './voc-values';
import { VOC_DEFAULTS, VOC_TRAITS } from './voc-xml';
import type { WriteOptions, WrittenDataset, WrittenPart } from '../written-dataset';

/** How a data set in Pascal VOC's format is written. */
export interface VocWriteOptions extends WriteOptions {
  /** What the corners of boxes mean. Default: `inclusive`, as VOC defines them. */
  readonly boxes?: VocBoxes;
}

/**
 * Writes a data set in Pascal VOC's format: `Annotations`, `JPEGImages`, the names of each part's pictures in
 * `ImageSets/Main/PART.txt`, and `classes.txt` with the names of the categories, which VOC itself does not list. Keys of
 * annotations that VOC has elements for (`pose`, `truncated`, `occluded`, `difficult`) and what `readVocDataset` has
 * kept in `voc` are written. The folder is there when all is done, or not at all.
 *
 * @param output folder to make.
 * @throws InputError where a name has a character that XML cannot hold, or two parts say different things of one picture.
 */
export async function writeVocDataset(
  parts: readonly DatasetPart[],
  output: string,
  { boxes = 'inclusive', pictures = 'copy', onProgress, signal }: VocWriteOptions = {},
): Promise<WrittenDataset> {
  const writer = new VocWriter(boxes);
  const total = parts.reduce((sum, { file }) => sum + file.images.length, 0);
  const written: WrittenPart[] = [];
  let done = 0;
  await makeWholeFolder(path.resolve(output), async (folder) => {
    const lists = path.join(folder, 'ImageSets', 'Main');
    makeFolders(lists);
    for (const part of parts) {
      const objectsOf = writer.objectsOf(part);
      const stems: string[] = [];
      let objects = 0;
      for (const image of part.file.images) {
        signal?.throwIfAborted();
        const source = path.join(part.imageFolder, image.file_name);
        const name = writer.pictureName(image.file_name, source);
        const elements = objectsOf(image);
        objects += elements.length;
        const stem = withoutExtension(name);
        const isNew = await writeOnce(
          path.join(folder, 'Annotations', `${stem}.xml`),
          writer.xml(image, name, elements),
        );
        if (isNew) await placePicture(source, path.join(folder, 'JPEGImages', name), pictures);
        stems.push(stem);
        onProgress?.(++done, total);
      }
      await writeFile(path.join(lists, `${part.name}.txt`), stems.map((stem) => `${stem}\n`).join(''));
      written.push({ name: part.name, images: part.file.images.length, objects });
    }
    await writeFile(path.join(folder, 'classes.txt'), writer.classes());
  });
  return { parts: written, notes: writer.notes() };
}

/** @returns whether the file was not there. @throws InputError where it was, and says something else. */
async function writeOnce(file: string, text: string): Promise<boolean> {
  if (!statOrUndefined(file)) {
    makeFolders(path.dirname(file));
    await writeFile(file, text);
    return true;
  }
  if ((await readFile(file, 'utf8')) === text) return false;
  throw new InputError(
    'picture-twice',
    `The picture ${path.basename(withoutExtension(file))} occurs twice with different objects; in Pascal VOC’s format it has one ` +
      'file. `rcnn check --repair` merges pictures that stand under several ids',
    { picture: path.basename(withoutExtension(file)) },
  );
}

type VocObjectElement = Readonly<Record<string, unknown>>;

class VocWriter {
  private readonly union = new CategoryUnion();
  private readonly names = new OutputNames();
  private readonly notKept = new NotKept('Pascal VOC', {
    images: ['voc'],
    annotations: [...VOC_TRAITS, 'voc'],
  });
  private numClipped = 0;

  constructor(private readonly boxes: VocBoxes) {}

  /** A function that gives the objects of an image. */
  objectsOf(part: DatasetPart): (image: CocoFileImage) => VocObjectElement[] {
    this.notKept.addPart(part);
    this.union.add(part.name, part.file.categories);
    const names = new Map(part.file.categories.map(({ id, name }) => [id, name]));
    for (const { name } of part.file.categories) requireXmlText('category', name);
    const byImage = annotationsByImage(part.file);
    return (image) =>
      (byImage.get(image.id) ?? []).flatMap((annotation) => {
        const object = this.object(annotation, names.get(annotation.category_id)!, image);
        return object === undefined ? [] : [object];
      });
  }

  pictureName(fileName: string, source: string): string {
    requireXmlText('picture', fileName);
    return this.names.add('', fileName, source);
  }

  xml(image: CocoFileImage, name: string, objects: readonly VocObjectElement[]): string {
    const { width, height } = image;
    const kept = { ...VOC_DEFAULTS.image, ...(Object(image.voc) as Record<string, unknown>) };
    const { folder, size, segmented, ...others } = kept as Record<string, unknown>;
    const annotation = {
      folder,
      filename: path.basename(name),
      ...others,
      size: { width, height, ...VOC_DEFAULTS.size, ...(Object(size) as object) },
      segmented,
      ...(objects.length > 0 && { object: objects }),
    };
    return `${xmlLines('annotation', annotation).join('\n')}\n`;
  }

  classes(): string {
    return this.union.categories.map(({ name }) => `${name}\n`).join('');
  }

  notes(): string[] {
    const trimmed = this.union.categories.filter(({ name }) => name !== name.trim()).length;
    return [
      ...this.union.nameNotes,
      ...(trimmed > 0 ? [`${trimmed} names of categories lose blanks at their ends`] : []),
      ...this.names.notes(),
      ...(this.numClipped > 0
        ? [`${this.numClipped} boxes reach beyond their pictures and are clipped`]
        : []),
      ...this.notKept.notes(),
    ];
  }

  private object(
    annotation: CocoFileAnnotation,
    name: string,
    { width, height }: CocoFileImage,
  ): VocObjectElement | undefined {
    if (annotation.iscrowd) {
      this.notKept.add('crowds');
      return undefined;
    }
    const [x, y, w, h] = annotation.bbox;
    const [left, top] = [Math.max(0, x), Math.max(0, y)];
    const isOut = x < 0 || y < 0 || x + w > width || y + h > height;
    const box = [left, top, Math.min(width, x + w) - left, Math.min(height, y + h) - top] as const;
    const [xmin, ymin, xmax, ymax] = cornersOfBox(isOut ? box : annotation.bbox, this.boxes);
    if (xmin > xmax || ymin > ymax) {
      this.notKept.add('boxes of less than a pixel');
      return undefined;
    }
    if (isOut) this.numClipped++;
    this.notKept.addAnnotation(annotation);
    if (!saysNothing(annotation.segmentation)) this.notKept.add('masks');
    const traits: Record<string, string> = { ...VOC_DEFAULTS.object };
    for (const trait of VOC_TRAITS) {
      if (annotation[trait] !== undefined) traits[trait] = textOfFlag(annotation[trait]);
    }
    const object = { name, ...traits, bndbox: { xmin, ymin, xmax, ymax } };
    return { ...object, ...(Object(annotation.voc) as object), ...object };
  }
}

function textOfFlag(value: unknown): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}

/** XML 1.0 has no place for control characters, not even escaped. */
function requireXmlText(what: 'category' | 'picture', text: string): void {
  if (!/[\p{Cc}\ufffe\uffff]/u.test(text)) return;
  throw new InputError(
    'voc-name',
    `The name of the ${what} ${shownValue(text)} has a character that Pascal VOC’s XML cannot hold; rename it first`,
    { name: text },
  );
}
