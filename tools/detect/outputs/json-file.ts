import { cocoDetections, type FoundObject, type MaskForm } from '../../../datasets/evaluation/detect-images';
import type { StagedFiles } from '../../../detection/files/staged-files';
import type { Size } from '../../../detection/structures/size';
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
    this.pictures.push(pictureEntry(input.file, size, cocoDetections(detections, categories, this.masks)));
  }

  finish(): undefined {
    writeResultFile(this.staged, this.file, picturesText(this.file, this.pictures));
  }
}

/** What JSON has of a picture and of what has been found in it. */
export function pictureEntry(
  file: string,
  { width, height }: Size,
  detections: readonly FoundObject[],
): object {
  return { file, width, height, detections };
}

/** What a file of this name gets of pictures. */
export function picturesText(file: string, pictures: readonly object[]): string {
  return hasLines(file)
    ? pictures.map((picture) => `${JSON.stringify(picture)}\n`).join('')
    : `${JSON.stringify(pictures, null, 2)}\n`;
}

/** Whether a file of this name has one JSON value in each line. */
export function hasLines(file: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(file);
}
