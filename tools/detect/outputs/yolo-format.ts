import path from 'node:path';
import { maskToPolygons } from '../../../datasets/coco/masks/mask-outline';
import { joinPolygons } from '../../../datasets/formats/polygons';
import type { StagedFiles } from '../../../detection/files/staged-files';
import type { Mask } from '../../../detection/structures/mask';
import type { Size } from '../../../detection/structures/size';
import { logLine } from '../../terminal/progress';
import {
  objectsIn,
  type DetectionOutput,
  type FoundObject,
  type FoundPicture,
  type PictureInput,
} from './found-picture';
import { labelNames } from './output-names';

/** Of the file in which a line names each class: tools that read the others look for it beside them. */
const CLASSES = 'classes.txt';

/**
 * `--format yolo`: a text file for each picture, as ultralytics' `save_txt` writes it: class, from 0, center, width and height
 * of each box as shares of the picture; with `save_conf` the score, too. A mask has an outline in place of the box, which goes from
 * part to part where there are several; keypoints stand behind the box: x, y, visibility. A picture without objects has an empty
 * file. No line has both an outline and keypoints: of a detector that finds both, outlines are written.
 */
export class YoloFormat implements DetectionOutput {
  private readonly files: ReadonlyMap<PictureInput, string>;
  private hasClasses = false;

  /** @throws InputError where the folder cannot be written to. */
  constructor(
    private readonly folder: string,
    inputs: readonly PictureInput[],
    private readonly staged: StagedFiles,
    private readonly hasScores: boolean,
  ) {
    this.files = labelNames(inputs, {
      option: '--results',
      folder,
      extensionOf: () => '.txt',
      reserved: CLASSES,
    });
  }

  add(found: FoundPicture): void {
    const lines = objectsIn(found).map((object) => {
      const { label, score } = object;
      const place = object.mask ? outlineOf(object, object.mask, found.size) : boxOf(object, found.size);
      return `${[label - 1, ...place, ...(this.hasScores ? [score] : [])].map(shortNumber).join(' ')}\n`;
    });
    const { masks, keypoints } = found.detections;
    if (!this.hasClasses && masks && keypoints) {
      logLine(
        '--format yolo: its lines have outlines or keypoints, not both; the outlines of the masks are written',
      );
    }
    this.staged.add(this.files.get(found.input)!, lines.join(''));
    if (this.hasClasses) return;
    this.hasClasses = true;
    const names = found.categories.categories.map(({ name }) => `${name.replaceAll(/[\r\n]/g, ' ')}\n`);
    this.staged.add(path.join(this.folder, CLASSES), names.join(''));
  }

  finish(): undefined {
    // Each file has been staged.
  }
}

/** Center, width and height; then the keypoints. */
function boxOf({ box: [x1, y1, x2, y2], keypoints }: FoundObject, { width, height }: Size): number[] {
  return [
    ...[(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height],
    ...Array.from(keypoints ?? [], (value, i) => value / [width, height, 1][i % 3]),
  ];
}

/** One outline; of an empty mask that of the box. */
function outlineOf({ box: [x1, y1, x2, y2] }: FoundObject, mask: Mask, { width, height }: Size): number[] {
  const polygons = maskToPolygons(mask);
  const outline = polygons.length > 0 ? joinPolygons(polygons) : [x1, y1, x1, y2, x2, y2, x2, y1];
  return outline.map((value, i) => value / (i % 2 === 0 ? width : height));
}

/** Eight decimals, of which zeros at the end are left out; never an exponent, which some readers do not know. */
function shortNumber(value: number): string {
  return value.toFixed(8).replace(/\.?0+$/, '');
}
