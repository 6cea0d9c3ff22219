import { repairEntryIds } from '../../../datasets/repair/entry-ids';
import type { Entry, Item, RepairSet } from '../../../datasets/repair/items';
import { PictureFolder } from '../../../datasets/repair/picture-folder';
import { RepairLog } from '../../../datasets/repair/repair-log';

const items = (entries: readonly Entry[]): Item[] => entries.map((entry, index) => ({ index, entry }));

/** Images and categories with these ids, annotations that refer to these. */
function setOf(
  images: readonly unknown[],
  references: readonly (readonly [image: unknown, category: unknown])[],
  categories: readonly unknown[] = [1],
): RepairSet {
  return {
    images: items(images.map((id) => ({ id, file_name: 'a.png' }))),
    annotations: items(references.map(([image_id, category_id], id) => ({ id, image_id, category_id }))),
    categories: items(categories.map((id) => ({ id, name: 'x' }))),
  };
}

function repaired(set: RepairSet): { set: RepairSet; done: string[] } {
  const log = new RepairLog(Infinity);
  const result = repairEntryIds(set, { pictures: new PictureFolder('nowhere'), log });
  expect(log.undecided.isEmpty).toBe(true);
  return {
    set: result,
    done: log.repairs.problems.map(({ kind, place, reason }) => `${kind}: ${place}: ${reason}`),
  };
}

test('words and UUIDs become numbers that are free, everywhere; all else stays', () => {
  const uuid = '0b1c3f6e-4d57-4b0a-9f0f-3e7f4a0c7b11';
  const before = setOf(
    ['img_0001', 2, uuid, 'unused'],
    [
      [uuid, 'cat'],
      ['img_0001', 'cat'],
      [2, 'dog'],
      ['img_0001', 1],
    ],
    ['dog', 'cat', 1],
  );
  const { set, done } = repaired(before);
  const expected = setOf(
    [1, 2, 3, 4],
    [
      [3, 3],
      [1, 3],
      [2, 2],
      [1, 1],
    ],
    [2, 3, 1],
  );
  expect(set).toEqual(expected);
  expect(done).toEqual([
    'image id: images[0].id: "img_0001" becomes 1, in its annotations too (2)',
    `image id: images[2].id: "${uuid}" becomes 3, in its annotations too (1)`,
    'image id: images[3].id: "unused" becomes 4, in its annotations too (0)',
    'category id: categories[0].id: "dog" becomes 2, in its annotations too (1)',
    'category id: categories[1].id: "cat" becomes 3, in its annotations too (2)',
  ]);
});

test.each<[string, RepairSet, RepairSet]>([
  ['fractions, also as text', setOf([1.5, 2], [['1.5', 1]]), setOf([1, 2], [[1, 1]])],
  [
    'texts of numbers beyond 2^53',
    setOf(['9007199254740992', '9007199254740993'], [['9007199254740993', 1]]),
    setOf([1, 2], [[2, 1]]),
  ],
  [
    'different texts of one number',
    setOf(
      ['1', '01', '1e3', 5],
      [
        ['01', 1],
        ['1', 1],
        ['1e3', 1],
      ],
    ),
    setOf(
      [2, 3, '1e3', 5],
      [
        [3, 1],
        [2, 1],
        ['1e3', 1],
      ],
    ),
  ],
  [
    'numbers that only annotations refer to are not free',
    setOf(
      ['a', 'b'],
      [
        [1, 1],
        ['2', 1],
        ['b', 1],
      ],
    ),
    setOf(
      [3, 4],
      [
        [1, 1],
        ['2', 1],
        [4, 1],
      ],
    ),
  ],
  ['an id twice stays twice', setOf(['a', 'a', 'b'], [['a', 1]]), setOf([1, 1, 2], [[1, 1]])],
])('%s', (_, before, after) => {
  expect(repaired(before).set).toEqual(after);
});

test.each<[string, RepairSet]>([
  ['whole numbers, also as text', setOf([1, '7', ' 8.0'], [['7', '1']])],
  ['numbers that JavaScript has rounded', setOf([2 ** 53], [[2 ** 53, 1]])],
  ['what says nothing', setOf([null, '', ' ', undefined, true, {}], [[null, '']])],
  ['words that only annotations have', setOf([1], [['a', 'b']])],
])('stay: %s', (_, set) => {
  const result = repaired(set);
  expect(result.set).toBe(set);
  expect(result.done).toEqual([]);
});
