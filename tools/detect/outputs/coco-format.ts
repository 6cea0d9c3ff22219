import { cocoDetections } from '../../../datasets/evaluation/detect-images';
import type { DetectionOutput, FoundPicture } from './found-picture';
import type { ImageIds } from './image-ids';

/** `--format coco`: COCO's results, the list that pycocotools' `loadRes` takes. Each entry has its picture's name, too. */
export class CocoFormat implements DetectionOutput {
  private readonly results: object[] = [];

  /** @param write gets the file's content; returns what is to be printed. */
  constructor(
    private readonly ids: ImageIds,
    private readonly write: (content: string) => string | undefined,
  ) {}

  add({ input, detections, categories }: FoundPicture): void {
    const picture = { image_id: this.ids.get(input), file_name: input.name };
    for (const detection of cocoDetections(detections, categories)) {
      this.results.push({ ...picture, ...detection });
    }
  }

  finish(): string | undefined {
    return this.write(`[${this.results.map((result) => JSON.stringify(result)).join(',\n')}]\n`);
  }
}
