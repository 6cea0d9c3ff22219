import { rleFromMask } from '../../../datasets/coco/masks/rle';
import { restoreDetections, storeDetections } from '../../../tools/shards/stored-detections';

test('each number comes back to its last bit', () => {
  const found = {
    boxes: Float32Array.of(0.1, 1 / 3, 1e-7, 123.456),
    labels: Int32Array.of(3),
    scores: Float32Array.of(0.7),
    masks: [rleFromMask(Uint8Array.of(0, 1, 1, 0, 1, 0), { height: 2, width: 3 })],
    keypoints: Float32Array.of(1.1, 2.2, 1),
    keypointScores: Float32Array.of(-3.3),
  };
  const stored: unknown = JSON.parse(JSON.stringify(storeDetections(2 ** 53 - 1, found)));
  expect(restoreDetections(stored)).toEqual({ imageId: 2 ** 53 - 1, found });
  const { boxes, labels, scores } = found;
  const bare: unknown = JSON.parse(JSON.stringify(storeDetections(1, { boxes, labels, scores })));
  expect(restoreDetections(bare)).toEqual({ imageId: 1, found: { boxes, labels, scores } });
  expect(restoreDetections({ imageId: 1 })).toBeUndefined();
});
