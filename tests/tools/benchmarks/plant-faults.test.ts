import { foundAtDepths, plantFaults, type RankedSuspect } from '../../../tools/benchmarks/plant-faults';
import type { CocoFile, CocoFileAnnotation } from '../../../datasets/coco/coco-file';

const file: CocoFile = {
  images: [{ id: 1, file_name: 'a.png', width: 100, height: 80 }],
  categories: [
    { id: 3, name: 'cat' },
    { id: 5, name: 'dog' },
  ],
  annotations: Array.from({ length: 40 }, (_, i): CocoFileAnnotation => ({
    id: i + 1,
    image_id: 1,
    category_id: i % 2 === 0 ? 3 : 5,
    bbox: [2 * i, i, 10, 20],
    area: 200,
  })),
};

test('a twentieth of the objects gets another label, another box, or is removed, the same for the same seed', () => {
  const { faulty, planted } = plantFaults(file, 7);
  expect(plantFaults(file, 7)).toEqual({ faulty, planted });
  expect(plantFaults(file, 8).planted).not.toEqual(planted);
  expect(planted.map(({ kind }) => kind).sort()).toEqual([
    'box',
    'box',
    'label',
    'label',
    'missing',
    'missing',
  ]);
  const now = new Map(faulty.annotations.map((annotation) => [annotation.id, annotation]));
  for (const annotation of file.annotations) {
    const fault = planted.find((each) => each.annotation_id === annotation.id);
    const after = now.get(annotation.id);
    if (!fault) expect(after).toBe(annotation);
    else
      expect(fault).toMatchObject({
        image_id: 1,
        category_id: annotation.category_id,
        bbox: annotation.bbox,
      });
    if (fault?.kind === 'missing') expect(after).toBeUndefined();
    if (fault?.kind === 'label')
      expect(after).toEqual({ ...annotation, category_id: 8 - annotation.category_id });
    if (fault?.kind !== 'box') continue;
    const [x, y, width, height] = annotation.bbox;
    const [newX, newY] = after!.bbox;
    const moved = [Math.abs(newX - x), Math.abs(newY - y)];
    expect([[width / 2, 0].join(), [0, height / 2].join()]).toContain(moved.join());
    expect(after!.bbox[2] * after!.bbox[3]).toBe(200);
    expect(after).not.toHaveProperty('area');
  }
});

test('planted faults count where their annotation is in the list, missing ones where an entry overlaps them', () => {
  const { planted } = plantFaults(file, 7);
  const entry = (kind: 'object' | 'missing', id: number, bbox: readonly number[]): RankedSuspect =>
    kind === 'object' ? { kind, image_id: 1, annotation_id: id, bbox } : { kind, image_id: 1, bbox };
  const suspects = [
    ...planted.map(({ kind, annotation_id, bbox }) =>
      kind === 'missing'
        ? entry(kind, 0, [bbox[0] + 1, bbox[1], bbox[2], bbox[3]])
        : entry('object', annotation_id, bbox),
    ),
    ...Array.from({ length: 6 }, () => entry('missing', 0, [90, 0, 5, 5])),
  ];
  expect(foundAtDepths(planted, suspects, [0.5, 1])).toEqual([
    { depth: 0.5, length: 6, precision: 1, recall: 1, byKind: [1, 1, 1] },
    { depth: 1, length: 12, precision: 0.5, recall: 1, byKind: [1, 1, 1] },
  ]);
  expect(foundAtDepths(planted, suspects.slice().reverse(), [0.5])[0]).toMatchObject({
    recall: 0,
    precision: 0,
  });
});
