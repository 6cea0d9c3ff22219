import { cocoCategories } from '../../../../datasets/coco/categories/coco-categories';

test('labels are COCO’s ids; torchvision’s ten gaps are N/A', () => {
  const categories = cocoCategories();
  expect(categories.map(({ id }) => id)).toEqual(Array.from({ length: 90 }, (_, i) => i + 1));
  const gaps = categories.filter(({ name }) => name === 'N/A').map(({ id }) => id);
  expect(gaps).toEqual([12, 26, 29, 30, 45, 66, 68, 69, 71, 83]);
  expect(new Set(categories.map(({ name }) => name)).size).toBe(81);
  // One beside each gap: nothing has slipped.
  const beside = [1, 11, 13, 27, 28, 31, 46, 67, 70, 72, 84, 90];
  expect(beside.map((id) => categories[id - 1].name).join()).toBe(
    'person,fire hydrant,stop sign,backpack,umbrella,handbag,wine glass,dining table,toilet,tv,book,toothbrush',
  );
});
