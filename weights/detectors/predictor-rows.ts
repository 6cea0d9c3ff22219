import * as tf from '@tensorflow/tfjs-core';
import type { Detector } from '../../detection/modeling/detector';
import { storedFloat32, toFloat32, type StoredTensor } from '../formats/stored-tensor';
import { currentTorchvisionName } from '../formats/torchvision-names';
import { requireFloat32Range } from '../state-dict';

/** Which rows of a file's predictor a detector takes. */
export interface TakenRows {
  /** Foreground classes of the file's detector. */
  readonly numClasses: number;
  /** The file's label for a label of the detector; the background, 0, among them. Rows of other labels stay as they are. */
  readonly labels: ReadonlyMap<number, number>;
}

/**
 * The entries of a detector's file with the predictor's as another detector takes them: its own rows, but those of some labels
 * from the file. An entry that differs in more than its classes is left as it is, and does not fit.
 *
 * @param file for messages
 * @throws WeightsError where a value is too large for float32.
 */
export function withTakenRows(
  model: Detector,
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  { numClasses, labels }: TakenRows,
): Map<string, StoredTensor> {
  const { stateDict } = model.definition;
  const owned = new Map([...model.namedParameters(), ...model.namedBuffers()]);
  const taken = new Map(tensors);
  for (const [nameInFile, tensor] of tensors) {
    const name = owned.has(nameInFile) ? nameInFile : currentTorchvisionName(nameInFile);
    const parameter = owned.get(name);
    if (!parameter || !stateDict.isPredictor(name)) continue;
    const [numRows, ...rowShape] = parameter.shapeOnDisk;
    const [numRowsInFile, ...rowShapeInFile] = tensor.shape;
    const rowsOf = (label: number, rows: number, classes: number): number[] =>
      stateDict
        .rowsOfClass(name, label, { numRows: rows, numClasses: classes })
        .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
    const pairs = [...labels].map(([own, theirs]) => ({
      to: rowsOf(own, numRows, model.categories.length),
      from: rowsOf(theirs, numRowsInFile, numClasses),
    }));
    const fits =
      tf.util.arraysEqual(rowShape, rowShapeInFile) &&
      pairs.every(({ to, from }) => to.length === from.length);
    if (!fits) continue;
    requireFloat32Range(file, name, tensor);
    const onDisk = parameter.toDisk();
    const values = Float32Array.from(onDisk.dataSync());
    onDisk.dispose();
    const source = toFloat32(tensor);
    const rowSize = tf.util.sizeFromShape(rowShape);
    for (const { to, from } of pairs) {
      to.forEach((row, i) =>
        values.set(source.subarray(from[i] * rowSize, (from[i] + 1) * rowSize), row * rowSize),
      );
    }
    taken.set(nameInFile, storedFloat32(parameter.shapeOnDisk, values));
  }
  return taken;
}
