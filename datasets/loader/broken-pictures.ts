import { InputError } from '../../detection/errors';
import { paddedSize } from '../../detection/structures/resize';
import { ImageError } from '../images/decode';
import { pictureName, picturesOf, sizeInBatch, type RefusedPicture } from './batch-job';
import type { BatchPlan } from './batch-plan';

/** A picture that could not be used when its turn came. */
export interface BrokenPicture {
  /** Id of the image in its data set. */
  readonly imageId: number;
  /** The reason. */
  readonly error: ImageError;
}

/** Is told of a picture that cannot be used: throws to end the iteration, or returns to have it go on without. */
export type OnBrokenPicture = (broken: BrokenPicture) => void;

/**
 * So many pictures one after the other are not broken each for itself: the disk or the network is gone, and a run that went
 * on would take all of the set for broken.
 */
const MAX_IN_A_ROW = 10;

/** Too many pictures one after the other cannot be used. */
export class PicturesGoneError extends InputError {
  override readonly name = 'PicturesGoneError';

  /** @internal */
  constructor(
    /** The error of the last of these pictures. */
    readonly last: ImageError,
    /** Number of these pictures. */
    readonly count: number,
  ) {
    super(
      'pictures-gone',
      `${count} pictures in a row cannot be used, the last: ${last.message}. Check whether their folder ` +
        `can still be read`,
    );
  }
}

/** Tells of broken pictures, unless there are so many that something else must be wrong. */
export class BrokenPictures {
  private consecutive = 0;
  private isAnyLoaded = false;
  private last: ImageError | undefined;

  constructor(private readonly onBrokenPicture: OnBrokenPicture) {}

  /** A batch could be used, all of it. */
  batchLoaded(): void {
    this.consecutive = 0;
    this.isAnyLoaded = true;
  }

  /** There are no more batches. Throws PicturesGoneError where all of a small set could not be used. */
  allSeen(): void {
    if (this.last && !this.isAnyLoaded) throw new PicturesGoneError(this.last, this.consecutive);
  }

  /** @throws PicturesGoneError, and whatever the listener throws. */
  batchRefused({ job: { pictures } }: BatchPlan, refused: readonly RefusedPicture[]): void {
    this.consecutive = refused.length < pictures.length ? 0 : this.consecutive + refused.length;
    for (const { index, part, reason, fault, facts } of refused) {
      const picture = picturesOf(pictures[index])[part];
      const { imageId, file } = picture;
      const error =
        typeof file === 'string'
          ? new ImageError(file, `${reason} (image id ${imageId})`, fault, { ...facts, imageId })
          : new ImageError(pictureName(picture), reason, fault, { ...facts, imageId });
      this.last = error;
      if (this.consecutive >= MAX_IN_A_ROW) throw new PicturesGoneError(error, this.consecutive);
      this.onBrokenPicture({ imageId, error });
    }
  }
}

/**
 * A batch with other pictures, and their targets, in the places of those that cannot be used: those in the same places of
 * `substitute`. Without one it becomes smaller; undefined where nothing is left of it.
 */
export function repairedPlan(
  { job, targets }: BatchPlan,
  refused: readonly RefusedPicture[],
  substitute: BatchPlan | undefined,
): BatchPlan | undefined {
  const broken = new Set(refused.map(({ index }) => index));
  const repair = <T>(items: readonly T[], others: readonly T[] | undefined): T[] =>
    items.flatMap((item, index) => (broken.has(index) ? (others?.slice(index, index + 1) ?? []) : [item]));
  const pictures = repair(job.pictures, substitute?.job.pictures);
  if (pictures.length === 0) return undefined;
  const padded = paddedSize(pictures.map(sizeInBatch), job.input.sizeDivisor);
  return { job: { ...job, pictures, padded }, targets: repair(targets, substitute?.targets) };
}
