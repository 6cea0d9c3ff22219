import { federatedNotes } from '../../../../datasets/evaluation/matching/federated';

const found = [{ image_id: 1, category_id: 1, bbox: [0, 0, 5, 5] as const, score: 0.001 }];

test('categories that are of no frequency are told, since three of the numbers are without them', () => {
  const categories = [
    { id: 1, name: 'a', frequency: 'r' },
    { id: 4, name: 'b' },
  ] as const;
  const file = 'lvis.json';
  const [isLvis, ...others] = federatedNotes({ file, categories }, found);
  expect(isLvis).toMatch(/^lvis\.json: .*evaluated as LVIS does/);
  expect(others).toEqual([
    'lvis.json: 1 of 2 categories have no "frequency" of "r", "c" or "f" (id 4): APr, APc and APf are without them',
  ]);
  expect(federatedNotes({ file, categories: categories.slice(0, 1) }, found)).toEqual([isLvis]);
});
