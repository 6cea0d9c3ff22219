import type { SampleTable } from '../../../detection/events/samples';
import type { GtObject } from '../../../datasets/coco/targets';
import { evidenceOf } from '../../../tools/why/evidence';
import type { InspectedImage } from '../../../tools/why/inspect-images';
import { rankSuspects } from '../../../tools/why/rank-suspects';

const categories = [
  { id: 4, name: 'cat' },
  { id: 9, name: 'dog' },
];

/** An image of 200 x 100 pixels, seen at half its size, with two objects that a candidate each is to find. */
function inspected(id: number, ofCandidates: readonly number[]): InspectedImage {
  const objects = [0, 1].map((k): GtObject => ({
    annotation: {
      id: 10 * id + k,
      imageId: id,
      categoryId: 4,
      bbox: [40 * k, 0, 20, 20],
      area: 400,
      isCrowd: false,
    },
    corners: [40 * k, 0, 40 * k + 20, 20],
  }));
  // The last two are background: one at the second object, one at a free place.
  const boxes = Float32Array.of(0, 0, 10, 10, 20, 0, 30, 10, 21, 0, 31, 10, 60, 20, 80, 40);
  const table: SampleTable = {
    image: 0,
    numRows: 4,
    boxes,
    matchedGt: Int32Array.of(0, 1, -1, -1),
    sampled: Uint8Array.of(1, 1, 1, 1),
    scores: Float32Array.of(0.9, 0.8, 0.7, 0.6),
    labels: Int32Array.of(1, 2, 1, 2),
    predBoxes: boxes,
    // What only objects have a share in does not count.
    losses: { loss_class: Float32Array.from(ofCandidates), loss_box: Float32Array.of(9, 0, 0, 0) },
  };
  return {
    image: { id, fileName: `${id}.png`, width: 200, height: 100 },
    objects,
    gtBoxes: Float32Array.of(0, 0, 10, 10, 20, 0, 30, 10),
    labels: [1, 1],
    resized: { width: 100, height: 50 },
    draws: [{ losses: { loss_class: 1 }, tables: new Map([['heads', [table]]]) }],
  };
}

test('objects are ranked by how many times they lose what a typical one does, free places among them', () => {
  const evidence = [inspected(1, [1, 6, 3, 2]), inspected(2, [1, 0, 3, 6])].map(evidenceOf);
  expect(evidence[0].places).toHaveLength(1);
  const { suspects, images } = rankSuspects(evidence, categories);
  expect(
    suspects.map(({ kind, annotation_id, image_id, suspicion }) => [
      kind,
      annotation_id ?? image_id,
      suspicion,
    ]),
  ).toEqual([
    ['object', 11, 3],
    ['missing', 2, 1.5],
    ['object', 10, 0.5],
    ['missing', 1, 0.5],
    ['object', 20, 0.5],
    ['object', 21, 0],
  ]);
  expect(suspects[0]).toMatchObject({
    file_name: '1.png',
    category: 'cat',
    bbox: [40, 0, 20, 20],
    because: 'heads: loss_class',
    seen: { category: 'dog', bbox: [40, 0, 20, 20] },
  });
  // In pixels of the picture, and as what the detector sees.
  expect(suspects[1]).toMatchObject({
    category_id: 9,
    category: 'dog',
    bbox: [120, 40, 40, 40],
    because: 'background',
  });
  expect(suspects[1].seen!.score).toBeCloseTo(0.6);
  expect(images.map(({ image_id }) => image_id)).toEqual([1, 2]);
});

test('a set without candidates, or without losses, has nothing that stands out', () => {
  const nothing = { ...inspected(1, [0, 0, 0, 0]), draws: [{ losses: {}, tables: new Map() }] };
  const { suspects } = rankSuspects([evidenceOf(nothing)], categories);
  expect(suspects.map(({ suspicion, because }) => [suspicion, because])).toEqual([
    [0, ''],
    [0, ''],
  ]);
});
