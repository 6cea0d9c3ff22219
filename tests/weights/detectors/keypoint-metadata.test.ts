import { modelDefinition } from '../../../detection/modeling/definitions';
import { cocoPersonKeypoints } from '../../../detection/structures/keypoint-layout';
import { metadataOf, readableMetadata } from '../../../weights/detectors/detector-metadata';

const definition = modelDefinition('fasterrcnn_tiny_fpn');
const categories = [{ id: 1, name: 'person' }];
const written = metadataOf({ definition, options: { keypoints: cocoPersonKeypoints }, categories });

test('keypoints of a detector are written, and read again as they were', () => {
  const read = readableMetadata.parse(JSON.parse(JSON.stringify(written)));
  expect(read.options.keypoints).toEqual(cocoPersonKeypoints);
  expect(Object.keys(metadataOf({ definition, options: {}, categories }).options)).not.toContain('keypoints');
});

test.each([
  { ...cocoPersonKeypoints, flipPairs: [[0, 17]] },
  { ...cocoPersonKeypoints, sigmas: [0.1] },
  { names: [], flipPairs: [], skeleton: [] },
])('keypoints that do not fit together are none', (keypoints) => {
  const changed = { ...written, options: { ...written.options, keypoints } };
  expect(readableMetadata.safeParse(changed).success).toBe(false);
});
