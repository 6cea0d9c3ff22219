import type { PredictorSize, Range, StateDictLayout } from '../detector';

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

/**
 * Foreground classes of a detector by two of its entries: one with a row for each label and one with four numbers, for the
 * same anchors.
 *
 * @throws RangeError where one of them is not there.
 */
export function classesByEntries(
  entries: Parameters<StateDictLayout['numClasses']>[0],
  logits: string,
  boxes: string,
): number {
  const [ofLogits, ofBoxes] = [logits, boxes].map((entry) => entries.get(entry)?.shape[0]);
  if (ofLogits !== undefined && ofBoxes !== undefined) return (4 * ofLogits) / ofBoxes - 1;
  throw new RangeError(`it has no ${ofLogits === undefined ? logits : boxes}`);
}
