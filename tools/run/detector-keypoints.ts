import { isDeepStrictEqual } from 'node:util';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { keypointLayout } from '../../datasets/coco/keypoints/keypoint-layout';
import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import { areNumbered, type KeypointLayout } from '../../detection/structures/keypoint-layout';
import type { CompleteConfiguration } from '../config/complete';
import { logLine } from '../terminal/progress';

/**
 * The keypoints that a detector is to find: those of its training set. Undefined of a model that finds none.
 *
 * @throws InputError where categories have different ones, or what is configured does not fit.
 */
export function detectorKeypoints(
  train: CocoDataset,
  { model, data }: Pick<CompleteConfiguration, 'model' | 'data'>,
): KeypointLayout | undefined {
  if (!modelDefinition(model.name).needs.includes('keypoints')) return undefined;
  return keypointLayout(train, {
    flipPairs: data.keypointFlipPairs?.map(([a, b]) => [a, b] as const),
    sigmas: data.keypointSigmas ?? undefined,
  });
}

/** Says which keypoints change places in mirrored pictures: where names say too little, nobody would notice. */
export function sayMirrored({ names, flipPairs }: KeypointLayout, flipProbability: number): void {
  if (flipProbability === 0) return;
  const pairs = flipPairs.map((pair) => pair.map((k) => names[k]).join(' and '));
  logLine(
    pairs.length > 0
      ? `keypoints that change places in mirrored pictures: ${pairs.join(', ')}`
      : `no keypoint changes places in mirrored pictures: ${names.join(', ')} (data.keypointFlipPairs, where some should)`,
  );
}

/**
 * @param set that is used with a detector, read with its keypoints
 * @param wanted the detector's keypoints; undefined where it finds none, or nobody knows which
 * @param whose says what the detector has been, or is to be, trained on
 * @param remedy what to do about it
 * @throws InputError where the set has others, or has them in another order. Where one of the two says only how many there are, it is
 *   taken to mean the other's, and that is said.
 */
export function requireSameKeypoints(
  set: CocoDataset,
  wanted: KeypointLayout | undefined,
  whose: string,
  remedy = '',
): void {
  const names = wanted && keypointLayout(set)?.names;
  if (names === undefined || isDeepStrictEqual(names, wanted!.names)) return;
  const named = [names, wanted!.names].filter((list) => !areNumbered(list));
  if (named.length === 1 && names.length === wanted!.names.length) {
    logLine(
      `${set.file}: its keypoints are taken to be those of ${whose}, in this order: ${named[0].join(', ')}`,
    );
    return;
  }
  throw new InputError(
    'other-keypoints',
    `${set.file}: its keypoints are not those of ${whose}, or in another order: ${names.join(', ')} here, ` +
      `${wanted!.names.join(', ')} there${remedy}`,
    { file: set.file, names, wanted: wanted!.names },
  );
}
