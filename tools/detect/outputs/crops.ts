import path from 'node:path';
import { cropBoxes } from '../../../datasets/drawing/draw-detections';
import { partsOfDetected } from '../../../datasets/images/picture-parts';
import type { StagedFiles } from '../../../detection/files/staged-files';
import { encodedExtension, formatOf } from './drawings';
import {
  objectsIn,
  type DetectionOutput,
  type FoundObject,
  type FoundPicture,
  type PictureInput,
} from './found-picture';
import { InputGuard, outputNames } from './output-names';

/**
 * A picture of each object, in the folder of `--crops`, in one of its category: `dog/photo-3.jpg` is the third of all objects
 * of `photo.jpg`.
 */
export class Crops implements DetectionOutput {
  private readonly names: ReadonlyMap<PictureInput, string>;
  private readonly guard: InputGuard;
  /** By label. */
  private readonly folders = new Map<number, string>();

  /** @throws InputError where the folder cannot be written to. */
  constructor(
    private readonly folder: string,
    inputs: readonly PictureInput[],
    private readonly staged: StagedFiles,
  ) {
    this.names = outputNames(inputs, { option: '--crops', folder, extensionOf: encodedExtension });
    this.guard = new InputGuard('--crops', folder, inputs);
  }

  async add(found: FoundPicture): Promise<void> {
    const { dir, name, ext } = path.parse(path.relative(this.folder, this.names.get(found.input)!));
    const objects = objectsIn(found);
    const files = objects.map((object, k) =>
      path.join(this.folder, this.folderOf(object), dir, `${name}-${k + 1}${ext}`),
    );
    for (const file of files) this.guard.check(file);
    const picture = await partsOfDetected(found, found.input.file);
    const boxes = objects.map(({ box }) => box);
    for await (const { index, encoded } of cropBoxes(picture, boxes, formatOf(`${name}${ext}`))) {
      this.staged.add(files[index], [encoded]);
    }
  }

  finish(): undefined {
    // Each crop has been staged.
  }

  private folderOf({ label, category }: FoundObject): string {
    const known = this.folders.get(label);
    if (known !== undefined) return known;
    const wanted = folderName(category.name);
    const taken = new Set([...this.folders.values()].map((folder) => folder.toLowerCase()));
    let folder = wanted;
    for (let n = 2; taken.has(folder.toLowerCase()); n++) folder = `${wanted}-${n}`;
    this.folders.set(label, folder);
    return folder;
  }
}

/** As many characters as a name of a folder may have on any system, less a number's. */
const MAX_LENGTH = 60;

/** The name of a category, which may hold anything, as one of a folder on any system. */
function folderName(category: string): string {
  const name = [...category.replace(/[\p{Cc}\\/:*?"<>|]/gu, '_')].slice(0, MAX_LENGTH).join('');
  return name.replace(/^[.\s]+|[.\s]+$/g, '_') || '_';
}
