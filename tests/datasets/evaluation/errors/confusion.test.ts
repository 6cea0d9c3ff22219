import fc from 'fast-check';
import { confusionMatrix, type ConfusionMatrix } from '../../../../datasets/evaluation/errors/confusion';
import type { CocoDetection } from '../../../../datasets/evaluation/detections';
import { anyAnnotations, anyDetections, dataset } from '../small-sets';

const options = { minScore: 0.5, minIou: 0.5 };

function rows(matrix: ConfusionMatrix): number[][] {
  const labels = Array.from({ length: matrix.numCategories + 1 }, (_, label) => label);
  return labels.map((truth) => labels.map((detected) => matrix.at(truth, detected)));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('confusionMatrix', () => {
  it('counts what objects were taken for, the background first', () => {
    const truths = dataset([
      { imageId: 7, categoryId: 1, bbox: [0, 0, 20, 20] },
      { imageId: 7, categoryId: 5, bbox: [0, 0, 20, 20] },
      { imageId: 7, categoryId: 1, bbox: [50, 50, 20, 20] },
      { imageId: 7, categoryId: 5, bbox: [70, 0, 30, 30], isCrowd: true },
      { imageId: 9, categoryId: 5, bbox: [0, 0, 20, 20] },
      { imageId: 9, categoryId: 5, bbox: [50, 50, 20, 20] },
    ]);
    const found: CocoDetection[] = [
      { image_id: 7, category_id: 1, bbox: [0, 0, 20, 20], score: 0.8 }, // takes the dog, the last of equals
      { image_id: 7, category_id: 5, bbox: [0, 0, 20, 19], score: 0.7 }, // the cat is left
      { image_id: 7, category_id: 1, bbox: [0, 0, 20, 18], score: 0.6 }, // nothing is left
      { image_id: 7, category_id: 1, bbox: [50, 50, 20, 10], score: 0.5 }, // just enough of both
      { image_id: 7, category_id: 5, bbox: [70, 0, 10, 10], score: 0.9 }, // in a crowd of dogs
      { image_id: 7, category_id: 5, bbox: [72, 2, 10, 10], score: 0.9 }, // and another
      { image_id: 7, category_id: 1, bbox: [70, 0, 10, 10], score: 0.9 }, // no cats there
      { image_id: 9, category_id: 5, bbox: [0, 0, 20, 20], score: 0.49 }, // too low a score
      { image_id: 9, category_id: 5, bbox: [50, 50, 20, 9], score: 0.9 }, // too small an overlap
      { image_id: 9, category_id: 4, bbox: [0, 0, 20, 20], score: 0.9 }, // no category of the set
    ];
    expect(rows(confusionMatrix(truths, found, options))).toEqual([
      [0, 2, 1],
      [0, 1, 1],
      [2, 1, 0],
    ]);
  });

  it('counts each object once, and each detection that no crowd hides', () => {
    fc.assert(
      fc.property(anyAnnotations(), anyDetections(), (annotations, detections) => {
        const truths = dataset(annotations);
        const counted = detections.filter(({ score }) => score >= options.minScore);
        const counts = rows(confusionMatrix(truths, detections, options));
        truths.categories.forEach(({ id }, k) => {
          const objects = annotations.filter(({ categoryId, isCrowd }) => categoryId === id && !isCrowd);
          expect(sum(counts[k + 1])).toBe(objects.length);
          const found = counted.filter(({ category_id }) => category_id === id).length;
          const inColumn = sum(counts.map((row) => row[k + 1]));
          const hasCrowd = annotations.some(({ categoryId, isCrowd }) => categoryId === id && isCrowd);
          if (hasCrowd) expect(inColumn).toBeLessThanOrEqual(found);
          else expect(inColumn).toBe(found);
        });
        expect(counts[0][0]).toBe(0);
      }),
    );
  });

  it('has a diagonal alone where detections are the truth', () => {
    const byPlace = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 20 });
    fc.assert(
      fc.property(byPlace, (places) => {
        const annotations = places.map((place) => ({
          imageId: place % 2 === 0 ? 7 : 9,
          categoryId: place % 3 === 0 ? 1 : 5,
          bbox: [(place % 10) * 10, Math.floor(place / 10) * 10, 10, 10] as const,
        }));
        const found = annotations.map(({ imageId, categoryId, bbox }) => ({
          image_id: imageId,
          category_id: categoryId,
          bbox,
          score: 1,
        }));
        const numCats = annotations.filter(({ categoryId }) => categoryId === 1).length;
        expect(rows(confusionMatrix(dataset(annotations), found, options))).toEqual([
          [0, 0, 0],
          [0, numCats, 0],
          [0, 0, places.length - numCats],
        ]);
      }),
    );
  });
});
