import { largestBatch } from '../../../tools/run/largest-batch';
import type { CompleteConfiguration } from '../../../tools/config/complete';
import type { InputSpec } from '../../../detection/structures/input-spec';

const input: InputSpec = {
  resize: { kind: 'shorter-side', minSize: 100, maxSize: 200 },
  mean: [0, 0, 0],
  std: [1, 1, 1],
  channels: 'rgb',
  sizeDivisor: 32,
};
const landscape = { height: 480, width: 640 };
const portrait = { height: 640, width: 480 };

function shapeOf(pictures: readonly { height: number; width: number }[], data: object, spec = input) {
  const defaults = {
    batchSize: 2,
    scaleJitter: null,
    iouCrop: 0,
    trainMinSizes: [100],
    aspectRatioGrouping: false,
  };
  return largestBatch(pictures, spec, { data: { ...defaults, ...data } } as CompleteConfiguration);
}

test('a batch is as high as its highest and as wide as its widest picture, padded', () => {
  expect(shapeOf([landscape, portrait], {})).toEqual({ images: 2, height: 160, width: 160 });
  expect(shapeOf([landscape, landscape], {})).toEqual({ images: 2, height: 128, width: 160 });
});

test('pictures that are alone, or with others of their proportions, are padded to nobody else', () => {
  expect(shapeOf([landscape, portrait], { batchSize: 1 })).toEqual({ images: 1, height: 128, width: 160 });
  expect(shapeOf([portrait, landscape], { aspectRatioGrouping: true })).toEqual({
    images: 2,
    height: 160,
    width: 128,
  });
});

test('the largest of several sizes, the square of large-scale jitter, any part of a picture, a fixed size', () => {
  expect(shapeOf([landscape], { trainMinSizes: [50, 120] })).toMatchObject({ height: 128, width: 160 });
  expect(shapeOf([landscape], { scaleJitter: [0.1, 2] })).toMatchObject({ height: 128, width: 128 });
  expect(shapeOf([landscape], { iouCrop: 0.5 })).toMatchObject({ height: 224, width: 224 });
  expect(shapeOf([landscape], { iouCrop: 0.5, batchSize: 1 })).toMatchObject({ height: 128, width: 224 });
  const fixed: InputSpec = { ...input, sizeDivisor: 1, resize: { kind: 'fixed', height: 300, width: 300 } };
  expect(shapeOf([landscape, portrait], {}, fixed)).toEqual({ images: 2, height: 300, width: 300 });
});
