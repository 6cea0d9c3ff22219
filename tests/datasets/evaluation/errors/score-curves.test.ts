import fc from 'fast-check';
import type { CocoAnnotation } from '../../../../datasets/coco/annotations';
import type { CocoDetection } from '../../../../datasets/evaluation/detections';
import { evaluateDetections } from '../../../../datasets/evaluation/evaluate';
import { AREA_RANGES, MAX_DETECTIONS } from '../../../../datasets/evaluation/parameters';
import { scoreCurves } from '../../../../datasets/evaluation/errors/score-curves';
import { anyAnnotations, anyDetections, dataset } from '../small-sets';

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
    fc.assert(
      fc.property(anyAnnotations(), anyDetections(), (annotations, detections) => {
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
