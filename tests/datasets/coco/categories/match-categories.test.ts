import { cocoCategories } from '../../../../datasets/coco/categories/coco-categories';
import { describeMatch } from '../../../../datasets/coco/categories/describe-match';
import {
  matchCategories,
  type DetectorCategory,
} from '../../../../datasets/coco/categories/match-categories';
import type { CocoCategory } from '../../../../datasets/coco/categories/category-map';
import { meantCategories } from '../../../../datasets/coco/categories/meant-categories';
import { thrownBy } from '../../../thrown';

/** Categories of these names, with ids from 1 or those given. */
function named(
  names: readonly string[],
  ids: readonly number[] = names.map((_, k) => k + 1),
): CocoCategory[] {
  return names.map((name, k) => ({ id: ids[k], name }));
}

/** Ids of the data set by label - 1. */
function ids(
  detector: readonly DetectorCategory[],
  dataset: readonly CocoCategory[],
): (number | undefined)[] {
  return matchCategories(detector, dataset).meant.map((category) => category?.id);
}

function lines(detector: readonly DetectorCategory[], dataset: readonly CocoCategory[]): string[] {
  return describeMatch(matchCategories(detector, dataset), 'val.json');
}

describe('matchCategories', () => {
  test('names decide, whatever the ids', () => {
    expect(ids(named(['a', 'b']), named(['b', 'a']))).toEqual([2, 1]);
    expect(ids([{ name: 'a' }, { name: 'b' }, { name: 'c' }], named(['c', 'x', 'a'], [0, 5, 9]))).toEqual([
      9,
      undefined,
      0,
    ]);
    const match = matchCategories(named(['a', 'b']), named(['c', 'a'], [4, 7]));
    expect(match).toMatchObject({
      by: 'name',
      onlyOfDetector: [{ name: 'b' }],
      onlyOfDataset: [{ name: 'c' }],
    });
  });

  test('of several categories of one name, those of the same id go together, the others by their order', () => {
    expect(ids(named(['a', 'a', 'a'], [1, 2, 9]), named(['a', 'a', 'a'], [2, 5, 6]))).toEqual([5, 2, 6]);
    expect(ids([{ name: 'a' }, { name: 'a' }], named(['a', 'a'], [2, 5]))).toEqual([2, 5]);
    const match = matchCategories(named(['a', 'a']), named(['a']));
    expect(match.onlyOfDetector).toEqual([{ id: 2, name: 'a' }]);
  });

  test('labels without names are ids where all ids are labels, otherwise places in their order', () => {
    const unnamed = (count: number) => named(Array.from({ length: count }, (_, k) => `category ${k + 1}`));
    expect(ids(unnamed(3), named(['a', 'b'], [1, 3]))).toEqual([1, undefined, 3]);
    expect(ids(unnamed(2), named(['a', 'b'], [0, 7]))).toEqual([0, 7]);
    expect(ids(unnamed(3), named(['a', 'b'], [0, 7]))).toEqual([undefined, undefined, undefined]);
    expect(ids(named(['a', 'b']), unnamed(2))).toEqual([1, 2]);
    expect(matchCategories(unnamed(2), unnamed(2))).toMatchObject({ by: 'number', onlyOfDetector: [] });
    // A name in common is a name.
    expect(ids(unnamed(2), named(['category 2', 'a']))).toEqual([undefined, 1]);
  });

  test('COCO’s detectors find persons under any id; what COCO gave up is no category', () => {
    const person = named(['person', 'N/A'], [7, 12]);
    const match = matchCategories(cocoCategories(), person);
    expect(match.meant[0]).toBe(person[0]);
    expect(match.onlyOfDetector).toHaveLength(79);
    expect(matchCategories(cocoCategories(), named(['N/A'], [5])).meant.some(Boolean)).toBe(false);
  });
});

test('labels of which a data set has no category get ids that it has not', () => {
  const dataset = { file: 'val.json', categories: named(['b', 'x'], [1, 3]) };
  const match = matchCategories(named(['a', 'b', 'c']), dataset.categories);
  expect(meantCategories(match, dataset)).toEqual([
    { id: 2, name: 'a' },
    { id: 1, name: 'b' },
    { id: 4, name: 'c' },
  ]);
});

test('nothing in common is refused', () => {
  const meant = (detector: CocoCategory[], categories: CocoCategory[]) =>
    thrownBy(() => meantCategories(matchCategories(detector, categories), { file: 'val.json', categories }));
  expect(meant(named(['a']), named(['A', 'b']))).toMatchObject({
    code: 'no-common-category',
    message:
      'val.json: has none of the detector\'s categories. It has "A" (the detector has "a", in another case), "b"; the detector has "a"',
    facts: { file: 'val.json', ofDetector: ['a'], ofDataset: ['A', 'b'] },
  });
  expect(meant(named(['category 1', 'category 2']), named(['a'], [9]))).toMatchObject({
    code: 'no-common-category',
    message:
      'val.json: its categories (1: "a") and the detector\'s (2) cannot be matched, because one of the two has no names',
  });
});

describe('describeMatch', () => {
  test('says nothing where all go together', () => {
    expect(lines(named(['a', 'b']), named(['a', 'b']))).toEqual([]);
    expect(lines([{ name: 'b' }, { name: 'a' }], named(['a', 'b']))).toEqual([]);
  });

  test('names other ids, and what either lacks', () => {
    expect(lines(named(['a', 'b', 'c']), named(['b', 'x', 'a'], [1, 2, 5]))).toEqual([
      'val.json: categories have other ids than those the detector was trained with; names decide: "a" (1 there, 5 here), "b" (2 there, 1 here)',
      'val.json: lacks 1 of the detector\'s 3 categories, and detections of them do not count: "c"',
      'val.json: the detector cannot find 1 of its 3 categories: "x"',
    ]);
  });

  test('names what differs in case, blanks or Unicode form only, as a hint', () => {
    const detector = named(['traffic light', 'caf\u00e9', 'Cat', 'a'], [2, 3, 4, 1]);
    expect(lines(detector, named(['a', 'traffic_light', 'cafe\u0301', 'cat ']))[1]).toBe(
      'val.json: the detector cannot find 3 of its 4 categories: "traffic_light" (the detector has "traffic light", with ' +
        'other blanks), "cafe\u0301" (the detector has "caf\u00e9", in another Unicode form), "cat " (the detector has ' +
        '"Cat", with other blanks)',
    );
  });

  test('says what labels without names are taken for', () => {
    expect(lines(named(['category 1', 'category 2']), named(['a', 'b'], [0, 7]))).toEqual([
      'val.json: the detector or the data set does not name its categories; labels are taken: 1 for "a", 2 for "b"',
    ]);
  });

  test('a long list ends after twenty', () => {
    const [, lacks] = lines(cocoCategories(), named(['person'], [7]));
    expect(lacks).toMatch(/lacks 79 of the detector's 80 categories.*"bicycle".* and 59 more$/);
  });
});
