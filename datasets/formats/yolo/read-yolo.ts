import path from 'node:path';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { AnnotationError } from '../../coco/annotations';
import type { CocoFileAnnotation, CocoFileCategory, CocoFileImage } from '../../coco/coco-file';
import { ProblemList } from '../../coco/problems';
import { ImageError } from '../../images/image-error';
import type { Size } from '../../../detection/structures/size';
import type { DatasetPart, ReadDataset, ReadOptions } from '../dataset-part';
import { readLines } from '../folders';
import { readPictureHeaders } from '../picture-headers';
import { polygonArea, polygonBox } from '../polygons';
import { keypointKeys } from './yolo-keypoints';
import { labelFileBeside, labelFileOf } from './yolo-paths';
import { parseYoloLabels, type YoloLabel } from './yolo-labels';
import { pixelOf, pixelSpan, type Share } from './yolo-numbers';
import { countLabeled } from './yolo-pose';
import { findYoloSource, type YoloPart, type YoloSource } from './yolo-source';

/**
 * Reads a data set in YOLO's format. Boxes get pixels of the picture as programs show it, which is what its labels mean;
 * outlines become polygons, with the boxes around them. Class k gets category id k + 1. A picture without labels has no
 * objects.
 *
 * @param input a `data.yaml`, a darknet `obj.data`, or a folder that has one, or a list of names such as `classes.txt`.
 * @throws InputError where the parts of the set cannot be found; AnnotationError with all lines of labels that are wrong, and
 *   pictures that cannot be read.
 */
export async function readYoloDataset(input: string, options: ReadOptions = {}): Promise<ReadDataset> {
  const source = findYoloSource(input);
  const pictures = source.parts.flatMap((part) => part.pictures);
  const headers = await readPictureHeaders(pictures, options);
  const reader = new YoloReader(source);
  let next = 0;
  const parts = source.parts.map((part) =>
    reader.read(part, () => {
      const found = headers[next++];
      return found instanceof ImageError ? found : found.shown;
    }),
  );
  return { parts, notes: [...source.notes, ...reader.finish(input)] };
}

class YoloReader {
  private readonly problems = new ProblemList();
  private readonly categories: readonly CocoFileCategory[];
  private numImages = 0;
  private numAnnotations = 0;
  private numWithoutFile = 0;
  private numTwice = 0;

  constructor(private readonly source: YoloSource) {
    this.categories = [...source.names].map(([classId, name]) => ({
      id: classId + 1,
      name,
      ...(source.keypoints && keypointKeys(source.keypoints, classId)),
    }));
  }

  /** @param nextSize gives the sizes of the part's pictures, in their order. */
  read({ name, folder, pictures }: YoloPart, nextSize: () => Size | ImageError): DatasetPart {
    const images: CocoFileImage[] = [];
    const annotations: CocoFileAnnotation[] = [];
    for (const picture of pictures) {
      const size = nextSize();
      const labels = this.labelsOf(picture);
      if (size instanceof ImageError) {
        this.problems.add({ kind: 'unreadable picture', place: picture, reason: size.reason });
        continue;
      }
      const id = ++this.numImages;
      const { width, height } = size;
      images.push({ id, file_name: path.relative(folder, picture), width, height });
      for (const label of labels) annotations.push(this.annotationOf(label, id, size));
    }
    return { name, imageFolder: folder, file: { images, annotations, categories: this.categories } };
  }

  /** @throws AnnotationError with all that is wrong. @returns notes. */
  finish(input: string): string[] {
    if (this.problems.isEmpty && this.numWithoutFile === this.numImages) {
      const [picture] = this.source.parts[0].pictures;
      this.problems.add({
        kind: 'structure',
        place: picture,
        reason: `no picture has a file with labels: there is neither ${labelFileOf(picture)} nor ${labelFileBeside(picture)}`,
      });
    }
    if (!this.problems.isEmpty)
      throw new AnnotationError(input, this.problems.problems, this.problems.describe(input));
    return [
      ...(this.numWithoutFile > 0
        ? [`${this.numWithoutFile} pictures have no file with labels: they are pictures without objects`]
        : []),
      ...(this.numTwice > 0
        ? [`${this.numTwice} lines occur twice in their file: they stand here twice`]
        : []),
    ];
  }

  private labelsOf(picture: string): YoloLabel[] {
    const file = [labelFileOf(picture), labelFileBeside(picture)].find((at) => statOrUndefined(at)?.isFile());
    if (file === undefined) {
      this.numWithoutFile++;
      return [];
    }
    const lines = readLines(file);
    const { labels, faults } = parseYoloLabels(lines, this.source);
    for (const { line, reason } of faults) {
      this.problems.add({ kind: 'box', place: `${file}, line ${line}`, reason });
    }
    const filled = lines.filter((line) => line !== '');
    this.numTwice += filled.length - new Set(filled).size;
    return labels;
  }

  private annotationOf(
    { classId, box, polygon, keypoints }: YoloLabel,
    image_id: number,
    { width, height }: Size,
  ): CocoFileAnnotation {
    const common = { id: ++this.numAnnotations, image_id, category_id: classId + 1 };
    if (polygon) {
      const corners = polygon.map((share, index) => pixelOf(share, index % 2 === 0 ? width : height));
      const [bbox, area] = [polygonBox(corners), polygonArea(corners)];
      return { ...common, bbox, area, iscrowd: 0, segmentation: [corners] };
    }
    const [x, w] = pixelSpan(box![0], box![2], width);
    const [y, h] = pixelSpan(box![1], box![3], height);
    const object = { ...common, bbox: [x, y, w, h] as const, area: w * h, iscrowd: 0 as const };
    if (!keypoints || keypoints.length === 0) return object;
    return { ...object, ...cocoKeypoints(keypoints, this.source.keypoints!.dimensions, { width, height }) };
  }
}

/**
 * x, y, visibility of each keypoint. Without a visibility, one with a negative coordinate is none, as in ultralytics' training,
 * and so is one at 0, 0, as in its drawings.
 */
function cocoKeypoints(shares: readonly Share[], dimensions: number, { width, height }: Size): object {
  const keypoints: number[] = [];
  for (let at = 0; at < shares.length; at += dimensions) {
    const [x, y] = [pixelOf(shares[at], width), pixelOf(shares[at + 1], height)];
    const isThere = x >= 0 && y >= 0 && (x > 0 || y > 0);
    keypoints.push(x, y, dimensions === 3 ? shares[at + 2].value : isThere ? 2 : 0);
  }
  return { keypoints, num_keypoints: countLabeled(keypoints) };
}
