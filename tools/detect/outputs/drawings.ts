import { drawBoxesReduced, type DrawingFormat } from '../../../datasets/drawing/draw-detections';
import { objectsToDraw } from '../../../datasets/drawing/objects-to-draw';
import type { LabeledBox } from '../../../datasets/drawing/overlay-svg';
import { partsOfDetected } from '../../../datasets/images/picture-parts';
import type { StagedFiles } from '../../../detection/files/staged-files';
import type { DetectionOutput, FoundObjects, FoundPicture, PictureInput } from './found-picture';
import { outputNames } from './output-names';

/** Pictures with boxes drawn, in the folder of `--output`: JPEG and PNG as they came, others as PNG. */
export class Drawings implements DetectionOutput {
  private readonly files: ReadonlyMap<PictureInput, string>;

  /** @throws InputError where the drawings cannot be written. */
  constructor(
    folder: string,
    inputs: readonly PictureInput[],
    private readonly staged: StagedFiles,
  ) {
    this.files = outputNames(inputs, { option: '--output', folder, extensionOf: encodedExtension });
  }

  async add(found: FoundPicture): Promise<void> {
    const file = this.files.get(found.input)!;
    const picture = await partsOfDetected(found, found.input.file);
    this.staged.add(file, [await drawBoxesReduced(picture, boxesToDraw(found), formatOf(file))]);
  }

  finish(): undefined {
    // Each drawing has been staged.
  }
}

/** Of a picture that is made of one with this extension. */
export function encodedExtension(extension: string): string {
  return /^\.(jpe?g|png)$/i.test(extension) ? extension : '.png';
}

/** How a picture of this name is encoded. */
export function formatOf(file: string): DrawingFormat {
  return /\.png$/i.test(file) ? 'png' : 'jpeg';
}

/** The best lie on top. */
export function boxesToDraw({ detections, categories, keypoints }: FoundObjects): LabeledBox[] {
  const nameOf = (label: number): string => categories.nameOf(label);
  return objectsToDraw(detections, { nameOf, layout: keypoints }).reverse();
}
