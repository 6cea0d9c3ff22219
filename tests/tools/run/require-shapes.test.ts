import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { requireShapes, withLabeledKeypoints } from '../../../tools/run/require-shapes';
import { thrownBy } from '../../thrown';

const model = {
  ...modelDefinition('fasterrcnn_tiny_fpn'),
  name: 'both',
  needs: ['masks', 'keypoints'] as const,
};
const mask = { segmentation: [[1, 1, 5, 1, 5, 5]] };
const points = { keypoints: [1, 2, 2, 3, 4, 1] };
const unlabeled = { keypoints: [0, 0, 0, 0, 0, 0] };

/** An image for each object. */
function setOf(...objects: readonly Partial<CocoAnnotation>[]): CocoDataset {
  const images = objects.map((_, k) => ({ id: k + 1, fileName: `${k}.png`, width: 20, height: 10 }));
  const annotations = objects.map((object, k): CocoAnnotation => ({
    ...{ id: k + 1, imageId: k + 1, categoryId: 1, bbox: [1, 1, 5, 5], area: 25, isCrowd: false },
    ...object,
  }));
  return new CocoDataset('a.json', 'images', images, [{ id: 1, name: 'tube' }], annotations, []);
}

/** What a call writes to stderr. */
function said(call: () => void): string {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  call();
  const text = write.mock.calls.map(([line]) => String(line)).join('');
  write.mockRestore();
  return text;
}

test('a set that lacks all masks, or all keypoints, is refused with a remedy', () => {
  const error = thrownBy(() => requireShapes(setOf(points), model));
  expect(error).toMatchObject({ code: 'shapes-missing', facts: { need: 'masks' } });
  expect((error as Error).message).toMatch(/^a\.json: none of its objects has a mask \("segmentation"\)/);
  const bare = [
    { ...mask, ...unlabeled },
    { ...mask, ...points, isCrowd: true },
  ];
  expect(thrownBy(() => requireShapes(setOf(...bare), model))).toMatchObject({
    facts: { need: 'keypoints' },
  });
});

test('how many objects lack something is said', () => {
  const set = setOf({ ...mask, ...points }, { ...mask, ...unlabeled }, points);
  expect(said(() => requireShapes(set, model))).toMatch(
    /1 of 3 objects has no mask[^]*1 of 3 objects has no labeled keypoint/,
  );
  expect(said(() => requireShapes(setOf({ ...mask, ...points }), model))).toBe('');
});

test('images with fewer labeled keypoints are left out, and said', () => {
  const set = setOf(points, unlabeled, {});
  expect(withLabeledKeypoints(set, 0)).toBe(set);
  let left = set;
  expect(said(() => (left = withLabeledKeypoints(set, 2)))).toMatch(/2 of 3 images left out/);
  expect(left.images.map(({ id }) => id)).toEqual([1]);
  expect(left.annotations.map(({ id }) => id)).toEqual([1]);
});
