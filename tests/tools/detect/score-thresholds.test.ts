import { CategoryMap } from '../../../datasets/coco/categories/category-map';
import { parseThresholds, thresholdsByLabel } from '../../../tools/detect/score-thresholds';

const categories = new CategoryMap(
  ['person', 'a,b', 'x=1', 'person'].map((name, k) => ({ id: 10 * k, name })),
  'the detector',
);
const thresholds = (...given: string[]): readonly number[] =>
  thresholdsByLabel(
    given.reduce((before, text) => parseThresholds(text, before), parseThresholds(given[0])),
    categories,
    { goal: 'f1', scores: [0.11, null, 0.33, 0.44] },
  );

test.each([
  [['0.3'], [0.3, 0.3, 0.3, 0.3]],
  [['person=0.7'], [0.7, 0.5, 0.5, 0.7]],
  [['0.2,person=.7,a,b=1'], [0.7, 1, 0.2, 0.7]],
  [['x=1=1e-3,person=0'], [0, 0.5, 0.001, 0]],
  [
    ['person=0.7', '0.1', 'person=0.9'],
    [0.9, 0.1, 0.1, 0.9],
  ],
  // What is stored, and 0.5 where nothing is.
  [['auto'], [0.11, 0.5, 0.33, 0.44]],
  [['auto,x=1=0.7'], [0.11, 0.5, 0.7, 0.44]],
  [
    ['0.1', 'auto'],
    [0.11, 0.5, 0.33, 0.44],
  ],
])('%j', (given, expected) => {
  expect(thresholds(...given)).toEqual(expected);
});

test.each(['', 'high', '1.5', '-1', 'person', 'person=', '=0.5', 'person=2', '0.5,person'])(
  '%j is no threshold',
  (text) => {
    expect(() => parseThresholds(text)).toThrow('It has to be a number from 0 to 1, auto, or such numbers');
  },
);

test('thresholds that are not stored cannot be used', () => {
  const auto = parseThresholds('auto');
  expect(() => thresholdsByLabel(auto, categories, undefined)).toThrow(
    expect.objectContaining({ code: 'no-thresholds' }) as Error,
  );
});

test('a category that the detector lacks is refused', () => {
  expect(() => thresholds('persom=0.7')).toThrow(
    expect.objectContaining({
      code: 'unknown-category',
      message: '--score-threshold: the detector has no category persom; did you mean person?',
    }) as Error,
  );
});
