import fc from 'fast-check';
import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import { evaluateDetections } from '../../../datasets/evaluation/evaluate';
import { exampleDataset } from '../../../datasets/evaluation/example-dataset';
import { cocoExamples, type Example } from '../../../datasets/examples';
import { RandomStream } from '../../../detection/nn/random';
import { describeShared, sharedPath } from '../../shared';
import { anyAnnotations, anyDetections, dataset } from './small-sets';

const none = new Float32Array(0);

function roundTrip(set: CocoDataset, order: (examples: Example[]) => Example[] = (all) => all): CocoDataset {
  const names = set.categories.map(({ name }) => name);
  return exampleDataset(order(cocoExamples(set)), names);
}

/** All that COCO's numbers are made of, without the ids of categories. */
function numbersOf(set: CocoDataset, detections: readonly CocoDetection[], useCategories: boolean): object {
  const { stats, perCategory, curves } = evaluateDetections(set, detections, {
    iouType: 'bbox',
    useCategories,
  });
  const rows = perCategory.map((row) => ({ ...row, categoryId: 0 }));
  // As text: there are thousands of them, and comparing them one by one takes long.
  return { stats, rows, curves: [curves.precision.join(), curves.recall.join()] };
}

function expectSameNumbers(set: CocoDataset, detections: readonly CocoDetection[]): void {
  const labeled = detections.map((detection) => ({
    ...detection,
    category_id: set.labelOf(detection.category_id),
  }));
  const others = [roundTrip(set), roundTrip(set, (examples) => examples.reverse())];
  for (const useCategories of [true, false]) {
    const expected = numbersOf(set, detections, useCategories);
    for (const other of others) expect(numbersOf(other, labeled, useCategories)).toEqual(expected);
  }
}

/** A set of the test helpers with a folder, areas that are not those of the boxes, and an id of 0, which is never found. */
function withFolder({ file, images, categories, annotations }: CocoDataset): CocoDataset {
  const changed = annotations.map((annotation, k): CocoAnnotation => ({
    ...annotation,
    id: k,
    area: annotation.area * (k % 3 === 0 ? 0.3 : 1),
  }));
  return new CocoDataset(file, 'pictures', images, categories, changed, []);
}

test('the numbers are those of the file that the examples come from, whatever their order', () => {
  fc.assert(
    fc.property(anyAnnotations(), anyDetections(), (annotations, detections) => {
      expectSameNumbers(withFolder(dataset(annotations)), detections);
    }),
  );
});

describeShared('real annotations', () => {
  test('have the numbers of their file', async () => {
    const set = await readCocoDataset(sharedPath('data/bccd/val.json'), sharedPath('data/bccd/images'));
    const random = new RandomStream(0, 'detections');
    const detections = set.annotations.flatMap(({ imageId, categoryId, bbox }) => [
      {
        image_id: imageId,
        category_id: categoryId,
        score: random.uniform(),
        bbox: bbox.map((value) => value + random.between(-4, 4)),
      },
    ]);
    expectSameNumbers(set, detections);
  });
});

test('without a truth of their own, examples are evaluated by their targets', () => {
  const examples: Example[] = [
    {
      imageId: 9,
      file: new Uint8Array(3),
      size: { height: 10, width: 20 },
      targets: { boxes: Float32Array.of(1, 2, 4, 8, 0.5, 0, 20, 10), labels: Int32Array.of(2, 1) },
    },
    {
      imageId: 3,
      file: 'a.png',
      size: { height: 5, width: 6 },
      targets: { boxes: none, labels: new Int32Array(0) },
    },
  ];
  const set = exampleDataset(examples, ['cat', 'dog']);
  expect(set.images).toEqual([
    { id: 3, fileName: 'a.png', height: 5, width: 6 },
    { id: 9, fileName: '', height: 10, width: 20 },
  ]);
  expect(set.categories).toEqual([
    { id: 1, name: 'cat' },
    { id: 2, name: 'dog' },
  ]);
  const isCrowd = false;
  expect(set.annotations).toEqual([
    { id: 1, imageId: 9, categoryId: 2, bbox: [1, 2, 3, 6], area: 18, isCrowd },
    { id: 2, imageId: 9, categoryId: 1, bbox: [0.5, 0, 19.5, 10], area: 195, isCrowd },
  ]);
});

test('two images of one id, and labels without a category, are refused', () => {
  const example: Example = {
    imageId: 4,
    file: 'a.png',
    size: { height: 10, width: 20 },
    targets: { boxes: Float32Array.of(1, 2, 4, 8), labels: Int32Array.of(2) },
  };
  expect(() => exampleDataset([example, example], ['cat', 'dog'])).toThrow('two examples have image id 4');
  expect(() => exampleDataset([example], ['cat'])).toThrow('image 4 has label 2; there are 1 categories');
});
