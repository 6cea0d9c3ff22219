import path from 'node:path';
import type { StagedFiles } from '../../../detection/files/staged-files';
import { objectsIn, type DetectionOutput, type FoundPicture, type PictureInput } from './found-picture';
import { labelNames } from './output-names';

/** Of the format: LabelMe warns of files of another major version. */
const VERSION = '5.5.0';

/** `--format labelme`: a JSON file for each picture, which LabelMe opens with the picture; `score` is a key of our own. */
export class LabelmeFormat implements DetectionOutput {
  private readonly files: ReadonlyMap<PictureInput, string>;

  /** @throws InputError where the folder cannot be written to. */
  constructor(
    folder: string,
    inputs: readonly PictureInput[],
    private readonly staged: StagedFiles,
  ) {
    this.files = labelNames(inputs, { option: '--results', folder, extensionOf: () => '.json' });
  }

  add(found: FoundPicture): void {
    const file = this.files.get(found.input)!;
    const content = {
      version: VERSION,
      flags: {},
      shapes: objectsIn(found).map(({ box: [x1, y1, x2, y2], category, score }) => ({
        label: category.name,
        points: [
          [x1, y1],
          [x2, y2],
        ],
        group_id: null,
        description: '',
        shape_type: 'rectangle',
        flags: {},
        score,
      })),
      imagePath: path.relative(path.dirname(file), found.input.file),
      imageData: null,
      imageHeight: found.size.height,
      imageWidth: found.size.width,
    };
    this.staged.add(file, `${JSON.stringify(content, null, 2)}\n`);
  }

  finish(): undefined {
    // Each file has been staged.
  }
}
