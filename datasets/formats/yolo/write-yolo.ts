import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { InputError } from '../../../detection/errors';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { shownValue } from '../../coco/problems';
import { makeFolders } from '../../../detection/files/make-folders';
import { makeWholeFolder } from '../../../detection/files/whole-folder';
import type { Size } from '../../../detection/structures/size';
import type { CocoFileAnnotation } from '../../coco/coco-file';
import { annotationsByImage } from '../../coco/annotations-by-image';
import { CategoryUnion } from '../../sets/category-union';
import type { DatasetPart } from '../dataset-part';
import { isPictureName } from '../../images/picture-names';
import { NotKept, saysNothing } from '../not-kept';
import { OutputNames } from '../output-names';
import { placePicture } from '../place-pictures';
import { maskToPolygons } from '../../coco/masks/mask-outline';
import { RleError } from '../../coco/masks/rle';
import { objectMask, saysNoMask } from '../../coco/masks/segmentation';
import { joinPolygons } from '../polygons';
import type { WriteOptions, WrittenDataset, WrittenPart } from '../written-dataset';
import { shareText, spanTexts } from './yolo-numbers';
import { labelFileOf } from './yolo-paths';
import { countLabeled, keypointsOf, YoloPose } from './yolo-pose';

/** How a data set in YOLO's format is written. */
export interface YoloWriteOptions extends WriteOptions {
  /** Write outlines instead of boxes, and no keypoints: labels for YOLO's segmentation. Default false. */
  readonly polygons?: boolean;
  /**
   * Write keypoints behind boxes where any object has some, which makes labels for YOLO's poses. Default true. A file of labels
   * holds outlines or keypoints, not both.
   */
  readonly keypoints?: boolean;
}

/**
 * Writes a data set in YOLO's format: `data.yaml`, the pictures of each part in `images/PART` and their labels in
 * `labels/PART`. Categories become classes from 0, in their order. The folder is there when all is done, or not at all.
 *
 * Coordinates have six decimals, or as many as give the box back to the digit.
 *
 * @param output folder to make.
 */
export async function writeYoloDataset(
  parts: readonly DatasetPart[],
  output: string,
  { polygons = false, keypoints = true, pictures = 'copy', onProgress, signal }: YoloWriteOptions = {},
): Promise<WrittenDataset> {
  const pose = new YoloPose(keypoints && !polygons ? parts : []);
  const writer = new YoloWriter(polygons, pose.hasKeypoints ? pose : undefined);
  const total = parts.reduce((sum, { file }) => sum + file.images.length, 0);
  const written: WrittenPart[] = [];
  let done = 0;
  await makeWholeFolder(path.resolve(output), async (folder) => {
    for (const part of parts) {
      const labels = writer.labelsOf(part);
      let objects = 0;
      for (const image of part.file.images) {
        signal?.throwIfAborted();
        const source = path.join(part.imageFolder, image.file_name);
        const picture = writer.pictureFile(part, image.file_name, source);
        const lines = labels(image.id, image);
        objects += lines.length;
        const labelFile = path.join(folder, labelFileOf(picture));
        requireNew(labelFile, image.file_name);
        makeFolders(path.dirname(labelFile));
        await writeFile(labelFile, lines.map((line) => `${line}\n`).join(''));
        await placePicture(source, path.join(folder, picture), pictures);
        onProgress?.(++done, total);
      }
      written.push({ name: part.name, images: part.file.images.length, objects });
    }
    await writeFile(path.join(folder, 'data.yaml'), writer.dataYaml(parts));
  });
  return { parts: written, notes: writer.notes() };
}

/** @throws InputError where a picture has come before: its labels would be replaced. */
function requireNew(labelFile: string, fileName: string): void {
  if (!statOrUndefined(labelFile)) return;
  throw new InputError(
    'picture-twice',
    `The picture ${shownValue(fileName)} stands under several image ids; \`rcnn check --repair\` merges them`,
    { picture: fileName },
  );
}

class YoloWriter {
  private readonly union = new CategoryUnion();
  private readonly names = new OutputNames();
  private readonly notKept: NotKept;
  private readonly counts = { clipped: 0, joined: 0, outlined: 0, unreadable: 0 };

  constructor(
    private readonly polygons: boolean,
    private readonly pose: YoloPose | undefined,
  ) {
    this.notKept = new NotKept(
      'YOLO',
      pose && {
        annotations: ['keypoints', 'num_keypoints'],
        categories: ['keypoints', ...(pose.flipIndices ? ['flip_idx'] : [])],
      },
    );
  }

  /** A function that gives the lines of an image. */
  labelsOf(part: DatasetPart): (imageId: number, size: Size) => string[] {
    this.notKept.addPart(part);
    const ids = this.union.add(part.name, part.file.categories);
    const classes = new Map(this.union.categories.map(({ id }, index) => [id, index]));
    const names = new Map(part.file.categories.map(({ id, name }) => [id, name]));
    const byImage = annotationsByImage(part.file);
    return (imageId, size) =>
      (byImage.get(imageId) ?? []).flatMap((annotation) => {
        const label = this.label(annotation, names.get(annotation.category_id)!, size);
        return label === undefined ? [] : [`${classes.get(ids.get(annotation.category_id)!)} ${label}`];
      });
  }

  /** Below the new folder. */
  pictureFile({ name }: DatasetPart, fileName: string, source: string): string {
    if (!isPictureName(fileName)) this.counts.unreadable++;
    const folder = path.join('images', name);
    return path.join(folder, this.names.add(folder, fileName, source));
  }

  /** Without a path: the folder of this file is meant then, wherever it is moved. */
  dataYaml(parts: readonly DatasetPart[]): string {
    const names = new Map(this.union.categories.map(({ name }, index) => [index, name]));
    const places = Object.fromEntries(parts.map(({ name }) => [name, `images/${name}`]));
    // Quoted: older readers take a name such as "no" for a truth value.
    const content = { ...places, names, ...this.pose?.dataYaml(this.union.categories) };
    return stringify(content, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });
  }

  notes(): string[] {
    const { clipped, joined, outlined, unreadable } = this.counts;
    const told = [
      [clipped, 'boxes reach beyond their pictures and are clipped'],
      [joined, 'objects have several outlines, which are joined to one'],
      [outlined, 'objects have no outline: that of their box is written'],
      [unreadable, 'pictures have names without an extension of pictures: YOLO’s programs do not find them'],
    ] as const;
    return [
      ...this.union.nameNotes,
      ...this.names.notes(),
      ...(this.pose?.notes() ?? []),
      ...told.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])),
      ...this.notKept.notes(),
    ];
  }

  private label(annotation: CocoFileAnnotation, category: string, size: Size): string | undefined {
    if (annotation.iscrowd) {
      this.notKept.add('crowds');
      return undefined;
    }
    const outlines = this.polygons ? this.outlinesOf(annotation, size) : [];
    this.notKept.addAnnotation(annotation, outlines.length > 0);
    if (this.polygons) return this.outline(annotation, outlines, size);
    const box = this.box(annotation, size);
    return this.pose ? `${box} ${this.keypoints(this.pose, annotation, category, size)}` : box;
  }

  private keypoints(pose: YoloPose, annotation: CocoFileAnnotation, category: string, size: Size): string {
    const { num_keypoints: stated } = annotation;
    if (!saysNothing(stated) && stated !== countLabeled(keypointsOf(annotation) ?? []))
      this.notKept.add('numbers of keypoints that are not those of the labeled ones');
    return pose.label(annotation, category, size);
  }

  private box({ bbox, segmentation }: CocoFileAnnotation, { width, height }: Size): string {
    if (!saysNoMask(segmentation)) this.notKept.add('masks');
    const [x, w] = this.withinPicture(bbox[0], bbox[2], width);
    const [y, h] = this.withinPicture(bbox[1], bbox[3], height);
    const [[centerX, shareX], [centerY, shareY]] = [spanTexts(x, w, width), spanTexts(y, h, height)];
    return [centerX, centerY, shareX, shareY].join(' ');
  }

  /** A box may reach out as long as its center and its length do not. */
  private withinPicture(start: number, length: number, side: number): [start: number, length: number] {
    const center = start + length / 2;
    if (center >= 0 && center <= side && length <= side) return [start, length];
    this.counts.clipped++;
    const from = Math.max(0, start);
    return [from, Math.min(side, start + length) - from];
  }

  /** An object's polygons, or the outlines of its run lengths; none where it has no mask, or one without a pixel. */
  private outlinesOf({ segmentation }: CocoFileAnnotation, size: Size): readonly (readonly number[])[] {
    if (saysNoMask(segmentation)) return [];
    if (Array.isArray(segmentation)) return segmentation as readonly (readonly number[])[];
    try {
      return maskToPolygons(objectMask(segmentation, size)!);
    } catch (error) {
      if (!(error instanceof RleError)) throw error;
      this.notKept.add('masks of run lengths that cannot be read');
      return [];
    }
  }

  private outline(
    { bbox }: CocoFileAnnotation,
    polygons: readonly (readonly number[])[],
    { width, height }: Size,
  ): string {
    if (polygons.length > 1) this.counts.joined++;
    if (polygons.length === 0) this.counts.outlined++;
    const [x, y, w, h] = bbox;
    const corners = polygons.length === 0 ? [x, y, x + w, y, x + w, y + h, x, y + h] : joinPolygons(polygons);
    const isOut = corners.some((value, index) => value < 0 || value > (index % 2 === 0 ? width : height));
    if (isOut) this.counts.clipped++;
    return corners
      .map((value, index) => {
        const side = index % 2 === 0 ? width : height;
        return shareText(Math.min(Math.max(value, 0), side), side);
      })
      .join(' ');
  }
}
