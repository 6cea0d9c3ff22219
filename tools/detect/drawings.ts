import { drawBoxes } from '../../datasets/drawing/draw-detections';
import { categoryColor, type LabeledBox } from '../../datasets/drawing/overlay-svg';
import type { StagedFiles } from '../../detection/files/staged-files';
import type { DetectionOutput, FoundPicture, PictureInput } from './found-picture';
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
    this.files = outputNames('--output', folder, inputs, (extension) =>
      /^\.(jpe?g|png)$/i.test(extension) ? extension : '.png',
    );
  }

  async add(found: FoundPicture): Promise<void> {
    const file = this.files.get(found.input)!;
    const format = /\.png$/i.test(file) ? 'png' : 'jpeg';
    this.staged.add(file, [await drawBoxes(found, boxesToDraw(found), format)]);
  }

  finish(): void {
    // Each drawing has been staged.
  }
}

/** The best lie on top. */
function boxesToDraw({ detections: { boxes, labels, scores }, categories }: FoundPicture): LabeledBox[] {
  const labeled = Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]] as const,
    label: categories.nameOf(label),
    score: scores[k],
    color: categoryColor(label),
  }));
  return labeled.reverse();
}
