import { trainingNeeds, wantedTargets } from '../../../tools/run/wanted-targets';
import { modelDefinition } from '../../../detection/modeling/definitions';

const boxes = modelDefinition('fasterrcnn_tiny_fpn');
const masks = { ...boxes, needs: ['masks' as const] };

test('rotation and copy-paste use masks, for detectors of boxes too', () => {
  expect(trainingNeeds(boxes, { rotation: 0, copyPaste: 0, mosaic: 1 })).toEqual([]);
  expect(trainingNeeds(boxes, { rotation: 5 })).toEqual(['masks']);
  expect(trainingNeeds(boxes, { copyPaste: 0.1 })).toEqual(['masks']);
  expect(trainingNeeds(masks, { copyPaste: 0.1 })).toEqual(['masks']);
  expect(wantedTargets({ definition: boxes, keypoints: undefined }, { rotation: 5 }).masks).toBe(true);
  expect(wantedTargets({ definition: boxes, keypoints: undefined }).masks).toBe(false);
});
