import type { PredictorSize, Range } from '../detector';

/**
 * Rows of one label in a predictor that has a row for every label, the background among them, of the first anchor of a
 * place, then of the next: those of dense heads.
 */
export function rowsOfEachAnchor(label: number, { numRows, numClasses }: PredictorSize): Range[] {
  const numLabels = numClasses + 1;
  return Array.from({ length: numRows / numLabels }, (_, anchor) => {
    const start = anchor * numLabels + label;
    return { start, end: start + 1 };
  });
}
