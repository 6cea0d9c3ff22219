import { CategoryMap } from '../../../../datasets/coco/categories/category-map';

const map = new CategoryMap(
  [
    { id: 90, name: 'toothbrush' },
    { id: 2, name: 'bicycle' },
    { id: 3, name: 'bicycle' },
  ],
  'a.json',
);

test('labels go by the order of the list', () => {
  for (const [label, id, name] of [
    [1, 90, 'toothbrush'],
    [2, 2, 'bicycle'],
    [3, 3, 'bicycle'],
  ] as const) {
    expect([map.idOf(label), map.nameOf(label), map.categoryOf(label)]).toEqual([id, name, { id, name }]);
    expect([map.has(id), map.labelOf(id)]).toEqual([true, label]);
  }
});

test('what is not there is named', () => {
  expect(map.has(1)).toBe(false);
  expect(() => map.labelOf(1)).toThrow(new RangeError('a.json has no category 1.'));
  for (const label of [0, 4, -1, 0.5, NaN]) {
    expect(() => map.idOf(label)).toThrow(new RangeError(`a.json has no label ${label}.`));
    expect(() => map.nameOf(label)).toThrow(RangeError);
  }
});
