import fc from 'fast-check';
import { judgeDetections, type JudgedImage } from '../../../../datasets/evaluation/errors/detection-errors';
import type { CocoDetection } from '../../../../datasets/evaluation/detections';
import {
  imageVerdicts,
  worstFirst,
  type DetectionToJudge,
  type ImageVerdicts,
} from '../../../../datasets/evaluation/errors/verdicts';
import { anyAnnotations, anyDetections, dataset } from '../small-sets';

const right = (truth: number, score = 0.5): DetectionToJudge => ({
  error: 'none',
  truth,
  inCrowd: false,
  score,
});
const wrong = (error: DetectionToJudge['error'], truth = -1, inCrowd = false): DetectionToJudge => ({
  error,
  truth,
  inCrowd,
  score: 0.25,
});

test('what becomes of detections and objects', () => {
  const detections = [
    right(0),
    wrong('classification', 1),
    wrong('localization', 1), // the object is meant already
    wrong('background', -1, true),
    wrong('localization', 3, true), // without it an object would be missed
  ];
  const { detections: ofDetections, objects, ...sums } = imageVerdicts(detections, [0, 1, 2, 3]);
  expect(ofDetections).toEqual(['right', 'classification', 'localization', 'crowd', 'localization']);
  expect([...objects]).toEqual([
    [0, 'right'],
    [1, 'classification'],
    [2, 'missed'],
    [3, 'localization'],
  ]);
  expect(sums).toEqual({ numErrors: 4, wrongScores: 0.75 });
});

test('most errors first, then the surest', () => {
  const of = (numErrors: number, wrongScores: number) => ({ numErrors, wrongScores });
  expect([of(1, 0.9), of(2, 0.1), of(0, 0), of(2, 0.3)].sort(worstFirst)).toEqual([
    of(2, 0.3),
    of(2, 0.1),
    of(1, 0.9),
    of(0, 0),
  ]);
});

test('at a score they are those of a judge who has seen no others', () => {
  const verdicts = (
    { detections, objects }: JudgedImage,
    found: readonly CocoDetection[],
    score: number,
  ): ImageVerdicts =>
    imageVerdicts(
      detections
        .map((each) => ({ ...each, score: found[each.detection].score }))
        .filter((each) => each.score >= score),
      objects,
    );
  fc.assert(
    fc.property(
      anyAnnotations(),
      anyDetections(),
      fc.constantFrom(0.1, 0.25, 0.5, 0.7),
      (truth, found, score) => {
        const set = dataset(truth);
        const sure = found.filter((each) => each.score >= score);
        const all = judgeDetections(set, found);
        judgeDetections(set, sure).forEach((image, k) => {
          expect(verdicts(all[k], found, score)).toEqual(verdicts(image, sure, 0));
        });
      },
    ),
  );
});
