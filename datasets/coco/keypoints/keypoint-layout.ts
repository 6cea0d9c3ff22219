import { InputError } from '../../../detection/errors';
import {
  cocoPersonKeypoints,
  numberedKeypoints,
  type KeypointLayout,
} from '../../../detection/structures/keypoint-layout';
import type { CocoDataset } from '../annotations';
import type { CocoCategory } from '../categories/category-map';
import { shownValue } from '../problems';
import { mirroredName } from './mirrored-name';

/** What takes the place of what the file says, or leaves open. */
export interface KeypointOverrides {
  /**
   * Names of keypoints that change places in a mirrored picture. Default: the categories' `flip_idx`, as of YOLO's sets; else as the
   * names say, `left_eye` and `right_eye`.
   */
  readonly flipPairs?: readonly (readonly [string, string])[];
  /** One for each keypoint. Default: the categories' `sigmas`; COCO's for its 17 keypoints of a person; otherwise none. */
  readonly sigmas?: readonly number[];
}

/**
 * The keypoints that the objects of a data set have, by the categories that list some: all of these must list the same. Where none
 * lists any and objects have keypoints, these are numbered.
 *
 * @param dataset read with `keepKeypoints`
 * @returns undefined where no category and no object has keypoints
 * @throws InputError where categories list different keypoints, objects have different numbers of them, or the overrides do not fit
 */
export function keypointLayout(
  dataset: CocoDataset,
  { flipPairs, sigmas }: KeypointOverrides = {},
): KeypointLayout | undefined {
  const listing = dataset.categories.filter((category) => category.keypoints !== undefined);
  requireSameNames(dataset, listing);
  const names = listing.length > 0 ? listing[0].keypoints! : numberedNames(dataset);
  if (names === undefined) return undefined;
  const flipIndices = listing.find((category) => category.flipIndices !== undefined)?.flipIndices;
  const allSigmas = sigmasOf(dataset, names, listing, sigmas);
  return {
    names,
    flipPairs: flipPairs
      ? pairsOf(dataset, names, flipPairs)
      : flipIndices
        ? pairsOfIndices(flipIndices)
        : pairsByName(names),
    skeleton: (listing.find(({ skeleton }) => skeleton !== undefined)?.skeleton ?? []).map(
      ([from, to]) => [from - 1, to - 1] as const,
    ),
    ...(allSigmas && { sigmas: allSigmas }),
  };
}

function requireSameNames({ file }: CocoDataset, [first, ...others]: readonly CocoCategory[]): void {
  const isSame = ({ keypoints }: CocoCategory): boolean =>
    keypoints!.length === first.keypoints!.length &&
    keypoints!.every((name, k) => name === first.keypoints![k]);
  const other = others.find((category) => !isSame(category));
  if (other === undefined) return;
  throw new InputError(
    'keypoints-differ',
    `${file}: categories ${shownValue(first.name)} and ${shownValue(other.name)} have different keypoints, or in another order; ` +
      'a detector finds the same ones of every category: give all categories the same list, with visibility 0 for those that ' +
      'an object does not have, or train a detector for each',
    { file, categories: [first.name, other.name] },
  );
}

/** `keypoint 1`, ...: as many as each object has; undefined where none has any. */
function numberedNames({ file, annotations }: CocoDataset): string[] | undefined {
  let length: number | undefined;
  for (const { id, keypoints } of annotations) {
    if (keypoints === undefined) continue;
    length ??= keypoints.length;
    if (keypoints.length === length) continue;
    throw new InputError(
      'keypoints-unnamed',
      `${file}: annotation ${id} has ${keypoints.length / 3} keypoints, one before has ${length / 3}, and no category says ` +
        'which there are: list their names as "keypoints" of the category',
      { file, annotationId: id },
    );
  }
  return length === undefined ? undefined : numberedKeypoints(length / 3);
}

function pairsOf(
  { file }: CocoDataset,
  names: readonly string[],
  pairs: readonly (readonly [string, string])[],
): KeypointLayout['flipPairs'] {
  const seen = new Set<string>();
  for (const name of pairs.flat()) {
    if (!names.includes(name) || seen.has(name)) {
      const reason = seen.has(name) ? 'stands in several pairs' : 'is none of the keypoints';
      throw new InputError(
        'keypoint-pairs',
        `${file}: ${shownValue(name)}, which is to change places in mirrored pictures, ${reason}: ${names.join(', ')}`,
        { file, name },
      );
    }
    seen.add(name);
  }
  return pairs.map(([a, b]) => [names.indexOf(a), names.indexOf(b)] as const);
}

function pairsOfIndices(flips: readonly number[]): KeypointLayout['flipPairs'] {
  return flips.flatMap((other, k) => (k < other ? [[k, other] as const] : []));
}

function pairsByName(names: readonly string[]): KeypointLayout['flipPairs'] {
  return names.flatMap((name, k): (readonly [number, number])[] => {
    const other = names.indexOf(mirroredName(name) ?? name);
    return other >= 0 && other !== k ? [[Math.min(k, other), Math.max(k, other)]] : [];
  });
}

function sigmasOf(
  { file }: CocoDataset,
  names: readonly string[],
  listing: readonly CocoCategory[],
  given: readonly number[] | undefined,
): readonly number[] | undefined {
  if (given !== undefined && given.length !== names.length) {
    throw new InputError(
      'keypoint-sigmas',
      `${file}: ${given.length} sigmas are given for ${names.length} keypoints: ${names.join(', ')}`,
      { file, sigmas: given.length, keypoints: names.length },
    );
  }
  const own = listing.find(({ sigmas }) => sigmas !== undefined)?.sigmas;
  return given ?? own ?? cocoSigmas(names);
}

/** COCO's sigmas where the names are those of its person, in any order. */
function cocoSigmas(names: readonly string[]): readonly number[] | undefined {
  const { names: cocoNames, sigmas } = cocoPersonKeypoints;
  if (names.length !== cocoNames.length || !names.every((name) => cocoNames.includes(name))) return undefined;
  return names.map((name) => sigmas![cocoNames.indexOf(name)]);
}
