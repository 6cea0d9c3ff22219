import fc from 'fast-check';
import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import { evaluateDetections } from '../../../datasets/evaluation/evaluate';
import { AREA_RANGES, MAX_DETECTIONS } from '../../../datasets/evaluation/parameters';
import { scoreCurves } from '../../../datasets/evaluation/score-curves';

const CATEGORIES = [
  { id: 1, name: 'cat' },
  { id: 5, name: 'dog' },
];

function dataset(annotations: readonly Omit<CocoAnnotation, 'id' | 'area'>[]): CocoDataset {
  const images = [7, 9].map((id) => ({ id, fileName: '', width: 100, height: 100 }));
  const whole = annotations.map((annotation, k) => {
    const [, , width, height] = annotation.bbox;
    return { ...annotation, id: k + 1, area: width * height };
  });
  return new CocoDataset('truth.json', null, images, CATEGORIES, whole, []);
}

describe('scoreCurves', () => {
  it('counts what reaches each score', () => {
    const box: CocoAnnotation['bbox'] = [10, 10, 40, 40];
    const truths = dataset([
      { imageId: 7, categoryId: 1, bbox: box, isCrowd: false },
      { imageId: 9, categoryId: 1, bbox: box, isCrowd: false },
      { imageId: 9, categoryId: 5, bbox: box, isCrowd: false },
      { imageId: 9, categoryId: 1, bbox: [60, 60, 40, 40], isCrowd: true },
    ]);
    const detections: CocoDetection[] = [
      { image_id: 7, category_id: 1, bbox: [10, 10, 40, 39], score: 0.5 },
      { image_id: 7, category_id: 1, bbox: box, score: 0.6 }, // takes the truth from the one above
      { image_id: 7, category_id: 5, bbox: box, score: 1 }, // not in this image
      { image_id: 9, category_id: 1, bbox: [10, 10, 40, 19], score: 0.9 }, // overlaps too little
      { image_id: 9, category_id: 1, bbox: [10, 10, 40, 21], score: 0.1 },
      { image_id: 9, category_id: 1, bbox: [62, 62, 20, 20], score: 0.9 }, // in the crowd: does not count
    ];
    const [cat, dog] = scoreCurves(truths, detections, 5); // 0, 0.25, 0.5, 0.75, 1
    expect(cat).toEqual({
      truePositives: Float64Array.of(2, 1, 1, 0, 0),
      falsePositives: Float64Array.of(2, 2, 2, 1, 0),
      numTruths: 2,
    });
    expect(dog).toEqual({
      truePositives: Float64Array.of(0, 0, 0, 0, 0),
      falsePositives: Float64Array.of(1, 1, 1, 1, 1),
      numTruths: 1,
    });
  });

  it("ends where COCO's evaluation does: at its recall, at an overlap of 0.5 and any score", () => {
    const place = {
      x: fc.integer({ min: 0, max: 60 }),
      y: fc.integer({ min: 0, max: 60 }),
      side: fc.integer({ min: 10, max: 40 }),
      image: fc.constantFrom(7, 9),
      category: fc.constantFrom(1, 5),
    };
    const truth = fc
      .record({ ...place, isCrowd: fc.boolean() })
      .map(({ x, y, side, image, category, isCrowd }) => ({
        imageId: image,
        categoryId: category,
        bbox: [x, y, side, side] as const,
        isCrowd,
      }));
    const found = fc
      .record({ ...place, score: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.7, 1) })
      .map(({ x, y, side, image, category, score }) => ({
        image_id: image,
        category_id: category,
        bbox: [x, y, side, side],
        score,
      }));
    fc.assert(
      fc.property(fc.array(truth), fc.array(found), (annotations, detections) => {
        const truths = dataset(annotations);
        const { curves } = evaluateDetections(truths, detections, { iouType: 'bbox' });
        const all = AREA_RANGES.findIndex(({ name }) => name === 'all');
        scoreCurves(truths, detections, 11).forEach(({ truePositives, falsePositives, numTruths }, k) => {
          const [recall] = curves.recallAt(k, all, MAX_DETECTIONS.length - 1);
          expect(numTruths === 0 ? -1 : truePositives[0] / numTruths).toBe(recall);
          for (const counts of [truePositives, falsePositives]) {
            expect([...counts]).toEqual([...counts].sort((a, b) => b - a));
          }
        });
      }),
    );
  });
});
