import type { CocoCategory } from '../categories/category-map';
import { keypointCategoryFaults, saysNoKeypoints } from './keypoint-faults';
import { shownValue, type ProblemList } from '../problems';

type KeypointKeys = Pick<CocoCategory, 'keypoints' | 'skeleton' | 'flipIndices' | 'sigmas'>;

/** What a category of a COCO file says of the keypoints of its objects; nothing where it lists none. */
export function categoryKeypoints(
  entry: Readonly<Record<string, unknown>>,
  place: string,
  problems: ProblemList,
): KeypointKeys {
  const { keypoints, skeleton, sigmas } = entry as KeypointKeys;
  const flipIndices = entry.flip_idx as KeypointKeys['flipIndices'];
  const faults = keypointCategoryFaults(entry);
  for (const fault of faults) problems.add({ ...fault, place: `${place}.${fault.place}` });
  if (keypoints === undefined || saysNoKeypoints(keypoints) || faults.length > 0) return {};
  const hasSigmas = sigmas !== undefined && sigmas !== null;
  if (hasSigmas && !areSigmas(sigmas, keypoints.length)) {
    const reason = `it is ${shownValue(sigmas)}, not a list of ${keypoints.length} numbers above 0`;
    problems.add({ kind: 'keypoints', place: `${place}.sigmas`, reason });
  }
  return {
    keypoints,
    ...(!saysNoKeypoints(skeleton) && { skeleton }),
    ...(!saysNoKeypoints(flipIndices) && { flipIndices }),
    ...(hasSigmas && { sigmas }),
  };
}

function areSigmas(value: unknown, count: number): boolean {
  return (
    Array.isArray(value) &&
    value.length === count &&
    value.every((sigma) => Number.isFinite(sigma) && (sigma as number) > 0)
  );
}
