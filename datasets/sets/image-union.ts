import path from 'node:path';
import { InputError } from '../../detection/errors';
import type { CocoFileImage } from '../coco/coco-file';
import { shownValue } from '../coco/problems';
import { NewIds } from './new-ids';

/** So many names are listed in a message. */
const LISTED = 5;

/** Images of several data sets. Two show the same picture where their file names are the same. */
export class ImageUnion {
  /** In the order in which they were added. */
  readonly images: CocoFileImage[] = [];
  private readonly ids = new NewIds();
  private readonly byName = new Map<string, { readonly image: CocoFileImage; readonly source: string }>();
  private readonly told: string[] = [];
  /** Pictures that several data sets have, and the names of two of these. */
  private readonly shared = new Map<string, readonly [string, string]>();

  /** @param joins whether a picture that several data sets have becomes one image. */
  constructor(private readonly joins: boolean) {}

  /**
   * Adds the images of a data set.
   *
   * @param source names it in messages.
   * @param prefix is put before the file names.
   * @param licenseIds what the ids of its licenses have become.
   * @returns the ids that its ids have become, and those of them that other data sets have too.
   * @throws InputError where two data sets say different sizes of a picture.
   */
  add(
    source: string,
    images: readonly CocoFileImage[],
    prefix: string,
    licenseIds: ReadonlyMap<unknown, number>,
  ): { readonly ids: ReadonlyMap<number, number>; readonly joined: ReadonlySet<number> } {
    const ids = new Map<number, number>();
    const joined = new Set<number>();
    const own: CocoFileImage[] = [];
    for (const entry of images) {
      const license = licenseIds.get(entry.license);
      const file_name = prefix + entry.file_name;
      const image = { ...entry, file_name, ...(license !== undefined && { license }) };
      const other = this.byName.get(path.posix.normalize(image.file_name));
      if (other) {
        this.shared.set(image.file_name, [other.source, source]);
        requireSameSize(image, source, other.image, other.source);
        ids.set(entry.id, other.image.id);
        joined.add(other.image.id);
      } else {
        own.push(image);
      }
    }
    const newIds = this.ids.add(own.map(({ id }) => id));
    for (const [index, entry] of own.entries()) {
      const image = { ...entry, id: newIds[index] };
      ids.set(entry.id, image.id);
      this.images.push(image);
      this.byName.set(path.posix.normalize(image.file_name), { image, source });
    }
    const numChanged = images.filter(({ id }) => ids.get(id) !== id).length;
    if (numChanged > 0)
      this.told.push(`${source}: ${numChanged} of ${images.length} images have other ids now`);
    return { ids, joined };
  }

  /** @throws InputError where several data sets have a picture, and it is not to be joined. */
  requireDifferent(): void {
    if (this.joins || this.shared.size === 0) return;
    const [[name, [first, second]]] = this.shared;
    throw new InputError(
      'merge-same-picture',
      `${this.shared.size === 1 ? 'A picture is' : `${this.shared.size} pictures are`} in several of the files, such as ` +
        `${shownValue(name)} in ${first} and ${second}. If they are different pictures of different folders, a prefix for ` +
        'each file tells them apart; if they are the same, their objects can be joined.',
      { pictures: [...this.shared.keys()] },
    );
  }

  /** What users should know. */
  get notes(): string[] {
    if (this.shared.size === 0) return this.told;
    const names = [...this.shared.keys()];
    const listed = names.slice(0, LISTED).map(shownValue).join(', ') + (names.length > LISTED ? ', ...' : '');
    return [...this.told, `${names.length} pictures in several files have become one image each: ${listed}`];
  }
}

function requireSameSize(a: CocoFileImage, sourceOfA: string, b: CocoFileImage, sourceOfB: string): void {
  if (a.width === b.width && a.height === b.height) return;
  throw new InputError(
    'merge-picture-size',
    `The picture ${shownValue(a.file_name)} has ${b.width}x${b.height} pixels in ${sourceOfB}, but ` +
      `${a.width}x${a.height} in ${sourceOfA}. If these are different pictures, a prefix for each file tells them apart.`,
    { picture: a.file_name },
  );
}
