import type { CocoDataset } from '../../../datasets/coco/annotations';
import type { CocoCategory } from '../../../datasets/coco/categories/category-map';
import { gather, type Replicas } from '../../../detection/engine/replicas';
import { InputError } from '../../../detection/errors';
import { sha256Of } from '../../../weights/file-hash';
import type { CompleteConfiguration } from '../../config/complete';

/**
 * Sees to it that all ranks have read the same training set: which images come when follows from it.
 *
 * @throws InputError where one has another; the same on all ranks.
 */
export async function requireSameData(
  replicas: Replicas,
  { file, images, annotations }: CocoDataset,
): Promise<void> {
  const own = [await sha256Of(file), images.length, annotations.length, file] as const;
  const all = await gather<readonly (string | number)[]>(replicas, own);
  const [[hash, numImages, numAnnotations]] = all;
  const rank = all.findIndex(
    (other) => other[0] !== hash || other[1] !== numImages || other[2] !== numAnnotations,
  );
  if (rank < 0) return;
  const isOtherFile = all[rank][0] !== hash;
  throw new InputError(
    'ranks-data',
    `rank ${rank} trains on other data than rank 0: ${all[rank][3]} ${
      isOtherFile ? 'is another file' : `has ${all[rank][1]} usable images and ${all[rank][2]} objects`
    }, ${isOtherFile ? 'not the same as' : `${numImages} and ${numAnnotations} in`} ${all[0][3]} of rank 0; give all ranks ` +
      'the same annotations and pictures',
    { rank },
  );
}

/** Where rank 0 begins. */
export interface SharedStart {
  readonly iteration: number;
  /** With what its data and its start weights have decided. */
  readonly configuration: CompleteConfiguration;
  /** Those of the detector, in the order of its labels. */
  readonly categories: readonly CocoCategory[];
}

/** Tells the others where rank 0 begins. @param start rank 0's; the others have none. */
export async function shareStart(replicas: Replicas, start: SharedStart | undefined): Promise<SharedStart> {
  const [text] = await gather(replicas, start ? JSON.stringify(start) : '');
  return JSON.parse(text) as SharedStart;
}
