import fc from 'fast-check';
import type { CocoDetection } from '../../../../datasets/evaluation/detections';
import { evaluateDetections } from '../../../../datasets/evaluation/evaluate';
import {
  formatOperatingPoints,
  operatingPointsJson,
} from '../../../../datasets/evaluation/thresholds/format-operating-points';
import {
  operatingPoints,
  type ThresholdGoal,
} from '../../../../datasets/evaluation/thresholds/operating-points';
import { scoreCurves } from '../../../../datasets/evaluation/errors/score-curves';
import { anyAnnotations, anyDetections, dataset } from '../small-sets';

const box = [10, 10, 40, 40] as const;
const elsewhere = [60, 60, 20, 20] as const;

function cat(score: number, bbox: readonly number[] = box, image_id = 7): CocoDetection {
  return { image_id, category_id: 1, bbox: [...bbox], score };
}

describe('operatingPoints', () => {
  const truths = dataset([
    { imageId: 7, categoryId: 1, bbox: box },
    { imageId: 9, categoryId: 1, bbox: box },
    { imageId: 9, categoryId: 1, bbox: elsewhere, isCrowd: true },
  ]);

  it('finds the score of the highest F1, with all detections of one score or none', () => {
    const found = [
      cat(0.9),
      cat(0.6, elsewhere), // wrong, of the same score as the right one below
      cat(0.6, box, 9),
      cat(0.6, elsewhere, 9), // in the crowd: neither right nor wrong
      cat(0.2, elsewhere),
    ];
    // From 0.9 on F1 is 2 / (1 + 2), from 0.6 on 4 / (3 + 2), from 0.2 on 4 / (4 + 2).
    const [point, dog] = operatingPoints(truths, found, 'f1');
    expect(point).toEqual({
      categoryId: 1,
      name: 'cat',
      numTruths: 2,
      numDetections: 4,
      threshold: 0.6,
      precision: 2 / 3,
      recall: 1,
      f1: 0.8,
    });
    expect(dog).toMatchObject({ numTruths: 0, threshold: undefined, reason: 'no objects', f1: -1 });
  });

  it('takes the higher of two scores with the same F1', () => {
    const found = [cat(0.9), cat(0.8, elsewhere), cat(0.7, elsewhere), cat(0.5, box, 9)];
    // 2 / 3 from 0.9 on, and 4 / 6 from 0.5 on.
    expect(operatingPoints(truths, found, 'f1')[0].threshold).toBe(0.9);
  });

  it('reaches a precision with the highest recall, or says that it is not reached', () => {
    const found = [cat(0.9, elsewhere), cat(0.8), cat(0.7, box, 9), cat(0.3, elsewhere)];
    const at = (precision: number) => operatingPoints(truths, found, { precision })[0];
    expect(at(0.5)).toMatchObject({ threshold: 0.3, precision: 0.5, recall: 1 });
    expect(at(0.6)).toMatchObject({ threshold: 0.7, precision: 2 / 3, recall: 1 });
    expect(at(0.9)).toMatchObject({
      threshold: undefined,
      reason: 'precision not reached',
      precision: 2 / 3,
    });
  });

  it('says why a category has none', () => {
    const of = (found: CocoDetection[]) => operatingPoints(truths, found, 'f1')[0];
    expect(of([])).toMatchObject({ threshold: undefined, reason: 'no detections', precision: -1 });
    expect(of([cat(0.9, elsewhere)])).toMatchObject({ reason: 'none right', precision: 0, f1: 0 });
    // All that is found is in the crowd.
    expect(of([cat(0.9, elsewhere, 9)])).toMatchObject({ reason: 'no detections', numDetections: 0 });
  });

  it('has the highest F1 of all scores, and leaves detections below it out as an evaluation would', () => {
    fc.assert(
      fc.property(anyAnnotations(), anyDetections(), (annotations, detections) => {
        const set = dataset(annotations);
        const scores = [...new Set(detections.map(({ score }) => score))];
        operatingPoints(set, detections, 'f1').forEach(({ categoryId, threshold, f1, recall }, k) => {
          const f1From = (least: number): number => {
            const kept = detections.filter(({ score }) => score >= least);
            const { truePositives, falsePositives, numTruths } = scoreCurves(set, kept, 2)[k];
            return (2 * truePositives[0]) / (truePositives[0] + falsePositives[0] + numTruths);
          };
          if (threshold === undefined) return;
          expect(f1).toBe(f1From(threshold));
          for (const score of scores) expect(f1From(score)).toBeLessThanOrEqual(f1);
          const kept = detections.filter(
            ({ score, category_id }) => category_id === categoryId && score >= threshold,
          );
          expect(evaluateDetections(set, kept, { iouType: 'bbox' }).curves.recallAt(k, 0, 2)[0]).toBe(recall);
        });
      }),
    );
  });

  it('is a table with a row for each category', () => {
    const goal: ThresholdGoal = { precision: 0.9 };
    const points = operatingPoints(truths, [cat(0.5)], goal);
    expect(formatOperatingPoints(points, goal).split('\n')).toEqual([
      'score thresholds for precision=0.9',
      'category  threshold                           precision  recall     F1  objects',
      'cat       0.500                                   1.000   0.500  0.667        2',
      'dog       none: the set has no objects of it          -       -      -        0',
    ]);
    expect(operatingPointsJson(points)[1]).toEqual({
      category_id: 5,
      name: 'dog',
      threshold: null,
      reason: 'no objects',
      precision: null,
      recall: null,
      f1: null,
      numTruths: 0,
      numDetections: 0,
    });
  });
});
