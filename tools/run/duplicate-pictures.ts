import type { CocoDataset } from '../../datasets/coco/annotations';
import { shownValue } from '../../datasets/coco/problems';
import { findDuplicates } from '../../datasets/duplicates/find-duplicates';
import { sharedFiles } from '../../datasets/duplicates/shared-files';
import { interruptible } from '../terminal/interruption';
import { pluralize } from '../terminal/pluralize';
import { logLine, Progress } from '../terminal/progress';

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

/** Says which pictures a detector would be trained on and evaluated on: its numbers would be too good. */
export async function noteSharedPictures(train: CocoDataset, val: CocoDataset): Promise<void> {
  const shared = await sharedFiles(train, val);
  if (shared.length === 0) return;
  const names = shared.slice(0, 3).map(({ fileName }) => shownValue(fileName));
  logLine(
    `${pluralize(shared.length, 'picture')} of ${val.file} ${shared.length === 1 ? 'is' : 'are'} in ${train.file} too ` +
      `(${names.join(', ')}${shared.length > 3 ? ', ...' : ''}): what is measured on them says little; ` +
      'rcnn check --against lists them',
  );
}
