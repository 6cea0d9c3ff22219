import { join } from 'node:path';
import { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';

const image = { id: 4, fileName: 'sub/a.png', width: 20, height: 10 };
const annotation = { id: 1, imageId: 4, categoryId: 9, area: 12, isCrowd: false };
const annotations = [
  { ...annotation, bbox: [15, 2, 8, 3] as const },
  { ...annotation, id: 2, bbox: [0, 0, 5, 5] as const, area: 7.5, isCrowd: true },
];

test('images with their paths and the boxes to learn from and to evaluate on, in pixels of the upright picture', () => {
  const images = [image, { ...image, id: 5, fileName: 'b.png' }];
  const dataset = new CocoDataset('x.json', 'pictures', images, [{ id: 9, name: 'nine' }], annotations, []);
  const size = { height: 10, width: 20 };
  expect(cocoExamples(dataset)).toEqual([
    {
      imageId: 4,
      file: join('pictures', 'sub', 'a.png'),
      upright: true,
      size,
      targets: { boxes: Float32Array.of(15, 2, 20, 5), labels: Int32Array.of(1) },
      evaluation: {
        boxes: Float64Array.of(15, 2, 8, 3, 0, 0, 5, 5),
        area: Float64Array.of(12, 7.5),
        isCrowd: Uint8Array.of(0, 1),
        labels: Int32Array.of(1, 1),
        ids: Float64Array.of(1, 2),
      },
    },
    {
      imageId: 5,
      file: join('pictures', 'b.png'),
      upright: true,
      size,
      targets: { boxes: new Float32Array(0), labels: new Int32Array(0) },
      evaluation: {
        boxes: new Float64Array(0),
        area: new Float64Array(0),
        isCrowd: new Uint8Array(0),
        labels: new Int32Array(0),
        ids: new Float64Array(0),
      },
    },
  ]);
});

test('without a folder there are no pictures to load', () => {
  expect(() => cocoExamples(new CocoDataset('x.json', null, [], [], [], []))).toThrow(RangeError);
});
