import type { CocoDataset, CocoImage } from '../../datasets/coco/annotations';
import { shownValue } from '../../datasets/coco/problems';
import { findDuplicates, type DuplicatePicture } from '../../datasets/duplicates/find-duplicates';
import { ignoreImageError } from '../../datasets/images/image-error';
import { sharedFiles } from '../../datasets/duplicates/shared-files';
import { interruptible } from '../terminal/interruption';
import { pluralize } from '../terminal/pluralize';
import { logLine, Progress } from '../terminal/progress';
import { MAX_DECODED } from './check-pictures';

/** Of more pictures so many are named. */
const MAX_NAMED = 20;

/** Pictures of one set that stand in another too, or nearly: lines for the user. @throws ImageError; Interrupted */
export async function duplicateLines(set: CocoDataset, against: CocoDataset): Promise<string[]> {
  const progress = new Progress('comparing pictures');
  const found = await interruptible((signal) =>
    findDuplicates(set, against, { signal, onProgress: (done, total) => progress.update(done, total) }),
  );
  const kinds = [
    ['in both sets', found.filter(({ isSame }) => isSame)],
    ['nearly the same in both sets', found.filter(({ isSame }) => !isSame)],
  ] as const;
  return kinds.flatMap(([what, pairs]) => {
    const named = pairs
      .slice(0, MAX_NAMED)
      .map(
        ({ a, b, distance }) =>
          `  ${shownValue(a.fileName)} (image ${a.id}), ${shownValue(b.fileName)} (image ${b.id})` +
          (distance > 0 ? `: ${distance} of 128 bits differ` : ''),
      );
    const more = pairs.length > MAX_NAMED ? [`  and ${pairs.length - MAX_NAMED} more`] : [];
    return [`${what}: ${pluralize(pairs.length, 'pair')}`, ...named, ...more];
  });
}

/**
 * Says which pictures a detector would be trained on and evaluated on: its numbers would be too good. Near duplicates are looked for
 * where the two sets have no more pictures than are decoded before a run anyway. A picture that has become unreadable since then
 * ends the search without a word: it is told when its turn comes in the training.
 */
export async function noteSharedPictures(train: CocoDataset, val: CocoDataset): Promise<void> {
  const isLarge = train.images.length + val.images.length > MAX_DECODED;
  const found = isLarge ? undefined : await findDuplicates(train, val).catch(ignoreImageError);
  const same = found ? ofB(found.filter(({ isSame }) => isSame)) : await sharedFiles(train, val);
  const near = ofB(found ?? []).filter((image) => !same.includes(image));
  const says = (images: readonly CocoImage[], what: string): void => {
    if (images.length === 0) return;
    const names = images.slice(0, 3).map(({ fileName }) => shownValue(fileName));
    logLine(
      `${pluralize(images.length, 'picture')} of ${val.file} ${images.length === 1 ? 'is' : 'are'} ${what} ` +
        `(${names.join(', ')}${images.length > 3 ? ', ...' : ''}): what is measured on them says little; ` +
        'rcnn check --against lists them',
    );
  };
  says(same, `in ${train.file} too`);
  says(near, `nearly the same as pictures of ${train.file}`);
  if (isLarge) {
    logLine(
      `pictures of ${val.file} that are nearly the same as some of ${train.file} have not been looked for, since the sets have ` +
        `more than ${MAX_DECODED} pictures; rcnn check --against finds them`,
    );
  }
}

/** Each once. */
function ofB(pairs: readonly DuplicatePicture[]): CocoImage[] {
  return [...new Set(pairs.map(({ b }) => b))];
}
