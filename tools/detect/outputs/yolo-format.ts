import path from 'node:path';
import type { StagedFiles } from '../../../detection/files/staged-files';
import { objectsIn, type DetectionOutput, type FoundPicture, type PictureInput } from './found-picture';
import { labelNames } from './output-names';

/** Of the file in which a line names each class: tools that read the others look for it beside them. */
const CLASSES = 'classes.txt';

/**
 * `--format yolo`: a text file for each picture, as ultralytics' `save_txt` writes it: class, from 0, center, width and height
 * of each box as shares of the picture; with `save_conf` the score, too. A picture without objects has an empty file.
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
    const { width, height } = found.size;
    const lines = objectsIn(found).map(({ box: [x1, y1, x2, y2], label, score }) => {
      const box = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height];
      return `${[label - 1, ...box, ...(this.hasScores ? [score] : [])].map(shortNumber).join(' ')}\n`;
    });
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

/** Eight decimals, of which zeros at the end are left out; never an exponent, which some readers do not know. */
function shortNumber(value: number): string {
  return value.toFixed(8).replace(/\.?0+$/, '');
}
