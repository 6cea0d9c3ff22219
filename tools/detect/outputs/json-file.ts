import { cocoDetections, type MaskForm } from '../../../datasets/evaluation/detect-images';
import type { StagedFiles } from '../../../detection/files/staged-files';
import type { DetectionOutput, FoundPicture } from './found-picture';
import { writeResultFile } from './result-file';

/** All detections in one JSON file, that of `--json`, in full precision: a list, or a line for each picture in a `.jsonl`. */
export class JsonFile implements DetectionOutput {
  private readonly pictures: object[] = [];

  constructor(
    private readonly file: string,
    private readonly staged: StagedFiles,
    private readonly masks?: MaskForm,
  ) {}

  add({ input, size, detections, categories }: FoundPicture): void {
    this.pictures.push({
      file: input.file,
      width: size.width,
      height: size.height,
      detections: cocoDetections(detections, categories, this.masks),
    });
  }

  finish(): undefined {
    const content = hasLines(this.file)
      ? this.pictures.map((picture) => `${JSON.stringify(picture)}\n`).join('')
      : `${JSON.stringify(this.pictures, null, 2)}\n`;
    writeResultFile(this.staged, this.file, content);
  }
}

/** Whether a file of this name has one JSON value in each line. */
export function hasLines(file: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(file);
}
