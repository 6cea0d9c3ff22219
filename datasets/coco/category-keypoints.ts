import type { CocoCategory } from './category-map';
import { keypointCategoryFaults, saysNoKeypoints } from './keypoint-faults';
import { shownValue, type ProblemList } from './problems';

/** What a category of a COCO file says of the keypoints of its objects; nothing where it lists none. */
export function categoryKeypoints(
  entry: Readonly<Record<string, unknown>>,
  place: string,
  problems: ProblemList,
): Pick<CocoCategory, 'keypoints' | 'skeleton' | 'sigmas'> {
  const { keypoints, skeleton, sigmas } = entry as Pick<CocoCategory, 'keypoints' | 'skeleton' | 'sigmas'>;
  const faults = keypointCategoryFaults(entry);
  for (const fault of faults) problems.add({ ...fault, place: `${place}.${fault.place}` });
  if (keypoints === undefined || saysNoKeypoints(keypoints) || faults.length > 0) return {};
  const hasSigmas = sigmas !== undefined && sigmas !== null;
  if (hasSigmas && !areSigmas(sigmas, keypoints.length)) {
    const reason = `it is ${shownValue(sigmas)}, not a list of ${keypoints.length} numbers above 0`;
    problems.add({ kind: 'keypoints', place: `${place}.sigmas`, reason });
  }
  return { keypoints, ...(!saysNoKeypoints(skeleton) && { skeleton }), ...(hasSigmas && { sigmas }) };
}

function areSigmas(value: unknown, count: number): boolean {
  return (
    Array.isArray(value) &&
    value.length === count &&
    value.every((sigma) => Number.isFinite(sigma) && (sigma as number) > 0)
  );
}
