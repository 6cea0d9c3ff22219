import type { Size } from '../../../detection/structures/size';
import { shownValue, type Fault } from '../problems';

type Entry = Readonly<Record<string, unknown>>;

/** Numbers of a keypoint: x, y, visibility. */
const NUMBERS = 3;
const VISIBILITIES = [0, 1, 2];

/** Number of labeled keypoints, those of visibility above 0: what "num_keypoints" counts. */
export function countLabeled(keypoints: readonly number[]): number {
  let count = 0;
  for (let i = 2; i < keypoints.length; i += NUMBERS) if (keypoints[i] > 0) count++;
  return count;
}

/**
 * All that is wrong with "keypoints" and "num_keypoints" of an annotation; nothing where it has no keypoints.
 *
 * @param numKeypoints how many its category lists; undefined where it lists none
 * @param image its size
 */
export function keypointFaults(
  { keypoints, num_keypoints: numLabeled }: Entry,
  numKeypoints: number | undefined,
  image: Size,
): Fault[] {
  if (saysNoKeypoints(keypoints)) return [];
  const fault = listFault(keypoints, numKeypoints);
  if (fault !== undefined) return [{ kind: 'keypoints', place: 'keypoints', reason: fault }];
  const numbers = keypoints as readonly number[];
  return [
    ...numbers.flatMap((_, i) => (i % NUMBERS === 0 ? keypointFault(numbers, i, image) : [])),
    ...countFault(numLabeled, countLabeled(numbers)),
  ];
}

/** Whether "keypoints" say that an object has none: they are missing, null or an empty list. */
export function saysNoKeypoints(keypoints: unknown): boolean {
  return (
    keypoints === undefined || keypoints === null || (Array.isArray(keypoints) && keypoints.length === 0)
  );
}

function listFault(keypoints: unknown, numKeypoints: number | undefined): string | undefined {
  if (!Array.isArray(keypoints))
    return `this is ${shownValue(keypoints)}, not a list of x, y, visibility of each keypoint`;
  const wrong = keypoints.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) return `value ${wrong} is ${shownValue(keypoints[wrong])}, not a number`;
  const { length } = keypoints;
  if (length % NUMBERS !== 0)
    return `the list has ${length} numbers: x, y, visibility of each keypoint are expected`;
  if (numKeypoints === undefined || length === NUMBERS * numKeypoints) return undefined;
  return `the list has ${length} numbers; ${NUMBERS * numKeypoints} are expected for the ${numKeypoints} keypoints of its category`;
}

function keypointFault(keypoints: readonly number[], i: number, { width, height }: Size): Fault[] {
  const [x, y, visibility] = keypoints.slice(i, i + NUMBERS);
  const wrong = (place: number, reason: string): Fault => ({
    kind: 'keypoints',
    place: `keypoints[${place}]`,
    reason,
  });
  if (!VISIBILITIES.includes(visibility)) {
    const meaning = '0 (not labeled), 1 (hidden) nor 2 (visible)';
    return [
      wrong(i + 2, `the visibility of keypoint ${i / NUMBERS + 1} is ${visibility}, neither ${meaning}`),
    ];
  }
  // By more than the image is long: people place keypoints beyond a border, but not there.
  const most = Math.max(width, height);
  const isFar = x < -most || y < -most || x > width + most || y > height + most;
  if (visibility === 0 || !isFar) return [];
  const reason = `keypoint ${i / NUMBERS + 1} is at [${x}, ${y}], far outside of the image of ${width} x ${height}`;
  return [wrong(i, reason)];
}

function countFault(numLabeled: unknown, labeled: number): Fault[] {
  if (numLabeled === undefined || numLabeled === labeled) return [];
  const reason = `it is ${shownValue(numLabeled)}; the visibility of ${labeled} keypoints is above 0`;
  return [{ kind: 'num_keypoints', place: 'num_keypoints', reason }];
}

/**
 * All that is wrong with "keypoints", "skeleton" and YOLO's "flip_idx" of a category. The skeleton counts from 1, "flip_idx" from 0.
 */
export function keypointCategoryFaults({ keypoints, skeleton, flip_idx: flips }: Entry): Fault[] {
  const wrong = (place: string, reason: string): Fault => ({ kind: 'keypoints', place, reason });
  if (saysNoKeypoints(keypoints)) {
    const isNone = saysNoKeypoints(skeleton);
    return isNone ? [] : [wrong('skeleton', 'the category has a skeleton, but lists no keypoints')];
  }
  if (!Array.isArray(keypoints) || !keypoints.every((name) => typeof name === 'string'))
    return [wrong('keypoints', `this is ${shownValue(keypoints)}, not a list of names`)];
  const names = keypoints as readonly string[];
  const repeated = names.findIndex((name, k) => names.indexOf(name) < k);
  return [
    ...(repeated < 0
      ? []
      : [wrong(`keypoints[${repeated}]`, `the name ${shownValue(names[repeated])} occurs more than once`)]),
    ...skeletonFaults(skeleton, names.length).map(([place, reason]) => wrong(place, reason)),
    ...(saysNoKeypoints(flips) || isMirror(flips, names.length)
      ? []
      : [
          wrong(
            'flip_idx',
            `this is ${shownValue(flips)}; for each of the ${names.length} keypoints the number, from 0, of the one that it ` +
              'becomes in a mirror is expected',
          ),
        ]),
  ];
}

/** Whether each of some keypoints becomes one in a mirror, and that becomes the first again. */
function isMirror(flips: unknown, numKeypoints: number): boolean {
  return (
    Array.isArray(flips) &&
    flips.length === numKeypoints &&
    flips.every((other: unknown, k) => Number.isInteger(other) && flips[other as number] === k)
  );
}

function skeletonFaults(skeleton: unknown, numKeypoints: number): [place: string, reason: string][] {
  if (saysNoKeypoints(skeleton)) return [];
  if (!Array.isArray(skeleton))
    return [['skeleton', `this is ${shownValue(skeleton)}, not a list of pairs of keypoints`]];
  return skeleton.flatMap((pair: unknown, k): [string, string][] => {
    const isPair = Array.isArray(pair) && pair.length === 2;
    const isInRange = (end: unknown): boolean =>
      Number.isInteger(end) && (end as number) >= 1 && (end as number) <= numKeypoints;
    if (isPair && pair.every(isInRange)) return [];
    const expected = `numbers of two keypoints from 1 to ${numKeypoints}`;
    return [[`skeleton[${k}]`, `this is ${shownValue(pair)}; ${expected} are expected`]];
  });
}
