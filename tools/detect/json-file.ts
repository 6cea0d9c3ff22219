import { cocoDetections } from '../../datasets/evaluation/detect-images';
import { writeWholeFile } from '../../detection/files/whole-file';
import { requireFileName } from '../terminal/output-files';
import type { DetectionOutput, FoundPicture, PictureInput } from './found-picture';

/** All detections in one JSON file, that of `--json`, in full precision. */
export class JsonFile implements DetectionOutput {
  private readonly pictures: object[] = [];

  /** @throws InputError where the file cannot be written. */
  constructor(
    private readonly file: string,
    inputs: readonly PictureInput[],
  ) {
    requireFileName(
      '--json',
      file,
      inputs.map((input) => input.file),
    );
  }

  add({ input, size, detections, categories }: FoundPicture): void {
    this.pictures.push({
      file: input.file,
      width: size.width,
      height: size.height,
      detections: cocoDetections(detections, categories),
    });
  }

  finish(): void {
    writeWholeFile(this.file, `${JSON.stringify(this.pictures, null, 2)}\n`, { makeFolder: true });
  }
}
