import { z } from 'zod';

/** What a data.yaml says of keypoints. Each object has as many, whatever its class. */
export interface YoloKeypoints {
  /** How many an object has. */
  readonly count: number;
  /** How many numbers each has: x, y, or x, y, visibility. */
  readonly dimensions: 2 | 3;
  /** What they are called, by class. A class with fewer names than `count` has only so many; one that is not here has all. */
  readonly names: ReadonlyMap<number, readonly string[]>;
  /** The keypoint that each becomes in a mirror. */
  readonly flipIndices?: readonly number[];
}

/** Keys of a data.yaml that are about keypoints. */
export const KEYPOINT_KEYS = {
  kpt_shape: z.tuple([z.number().int().positive(), z.union([z.literal(2), z.literal(3)])]).nullish(),
  flip_idx: z.array(z.number().int().nonnegative()).nullish(),
  kpt_names: z.record(z.string().regex(/^\d+$/), z.array(z.union([z.string(), z.number()]))).nullish(),
};

/** What is expected of them. */
export const EXPECTED_OF_KEYPOINTS = {
  kpt_shape: 'the number of keypoints and of their coordinates, 2 or 3, is expected',
  flip_idx: 'a list with the number, from 0, of the keypoint that each one becomes in a mirror is expected',
  kpt_names:
    'lists of names by the number of the class are expected, none with more names than kpt_shape says',
} as const;

/** @returns undefined where a set has none, or the key that is wrong. */
export function parseKeypoints(
  data: z.infer<z.ZodObject<typeof KEYPOINT_KEYS>>,
): YoloKeypoints | undefined | keyof typeof EXPECTED_OF_KEYPOINTS {
  if (!data.kpt_shape) return undefined;
  const [count, dimensions] = data.kpt_shape;
  const flipIndices = data.flip_idx ?? [];
  if (flipIndices.length > 0 && !isPermutation(flipIndices, count)) return 'flip_idx';
  const names = new Map(
    Object.entries(data.kpt_names ?? {}).map(([key, list]) => [Number(key), list.map(String)]),
  );
  if ([...names.values()].some(({ length }) => length > count)) return 'kpt_names';
  return { count, dimensions, names, ...(flipIndices.length > 0 && { flipIndices }) };
}

/** How many keypoints a class has. */
export function keypointCount({ count, names }: YoloKeypoints, classId: number): number {
  return names.get(classId)?.length ?? count;
}

/** Keys of a class's category: none where the class has no keypoints. Those without a name are called by their number, from 1. */
export function keypointKeys(keypoints: YoloKeypoints, classId: number): Readonly<Record<string, unknown>> {
  const count = keypointCount(keypoints, classId);
  if (count === 0) return {};
  const flips = keypoints.flipIndices?.slice(0, count);
  return {
    keypoints: keypoints.names.get(classId) ?? Array.from({ length: count }, (_, index) => `${index + 1}`),
    skeleton: [],
    ...(flips && isPermutation(flips, count) && { flip_idx: flips }),
  };
}

/** Whether each number from 0 occurs once. */
export function isPermutation(numbers: readonly number[], count: number): boolean {
  return numbers.length === count && [...numbers].sort((a, b) => a - b).every((value, at) => value === at);
}
