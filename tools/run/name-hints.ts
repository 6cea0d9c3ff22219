import { AnnotationError, type CocoImage } from '../../datasets/coco/annotations';
import { shownValue } from '../../datasets/coco/problems';
import type { RefuseImage } from '../../datasets/coco/read-dataset';
import { nearFolder } from '../../datasets/repair/near-folder';
import { PictureFolder } from '../../datasets/repair/picture-folder';
import { possibleRepairs } from './repairs';
import { shapeRemedy } from './shape-remedy';

/** What a user is told where pictures of a data set are missing: names that come near, a folder that has them, the remedy. */
export class NameHints {
  private readonly pictures: PictureFolder;
  private readonly missing: string[] = [];
  private numImages = 0;

  constructor(
    private readonly annotations: string,
    private readonly images: string,
  ) {
    this.pictures = new PictureFolder(images);
  }

  /** What a name that cannot be that of a picture may mean. */
  ofName(name: string): string | undefined {
    return this.pictures.hint(name);
  }

  /** Refuses as `refuse` does, and adds to the reason where a picture is missing. */
  refusing(images: readonly CocoImage[], refuse: RefuseImage): RefuseImage {
    this.numImages = images.length;
    return (image, kind, key, reason) => {
      const hint = kind === 'missing picture' ? this.ofName(image.fileName) : undefined;
      if (kind === 'missing picture') this.missing.push(image.fileName);
      refuse(image, kind, key, hint === undefined ? reason : `${reason}; ${hint}`);
    };
  }

  /** The same error with what the user can do, as far as that is known; it is about the file before any repair. */
  async withRemedies(error: AnnotationError): Promise<AnnotationError> {
    const lines = [
      error.message,
      ...this.folderLine(),
      ...(await this.repairLine()),
      ...shapeRemedy(error.problems),
    ];
    return new AnnotationError(error.file, error.problems, lines.join('\n'));
  }

  private folderLine(): string[] {
    if (this.missing.length === 0 || this.missing.length < this.numImages) return [];
    const folder = nearFolder(this.pictures, this.annotations, this.missing);
    return folder === undefined
      ? []
      : [`All of these pictures are in ${shownValue(folder)}: give that as the folder.`];
  }

  private async repairLine(): Promise<string[]> {
    const possible = await possibleRepairs(this.annotations, this.images);
    return possible === undefined ? [] : [`${possible}.`];
  }
}
