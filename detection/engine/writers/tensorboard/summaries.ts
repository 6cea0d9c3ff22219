import type { PrecisionRecallCurve } from '../../../events/event-storage';
import type { Histogram } from '../../../events/histogram';
import { boolField, bytesField, doubleField, floatField, varintField } from '../../../files/protocol-buffers';

/**
 * Values of tensorflow.Summary (summary.proto), each as TensorBoard's plugin for it expects them. The numbers of the
 * fields are those of TensorFlow's and TensorBoard's .proto files.
 */

/** tensorflow.DataType */
const DT_FLOAT = 1;
const DT_DOUBLE = 2;
const DT_STRING = 7;

/** tensorboard.hparams.Status */
const STATUS_SUCCESS = 1;

/** Hyperparameters of a run by name, which TensorBoard lists beside its metrics. */
export type Hyperparameters = Readonly<Record<string, string | number | boolean>>;

/** A number, in the form that needs no metadata. TensorBoard keeps float32. */
export function scalarValue(tag: string, value: number): Buffer {
  return Buffer.concat([bytesField(1, tag), floatField(2, value)]);
}

/** [30, 3] float64: left end, right end and count of each bucket. */
export function histogramValue(tag: string, { min, max, counts }: Histogram): Buffer {
  const isEmpty = Number.isNaN(min);
  const edge = (k: number): number => {
    if (isEmpty) return 0;
    return k === counts.length ? max : min + (k * (max - min)) / counts.length;
  };
  const rows = Float64Array.from({ length: 3 * counts.length }, (_, i) => {
    const bucket = Math.floor(i / 3);
    return i % 3 === 2 ? counts[bucket] : edge(bucket + (i % 3));
  });
  return value(tag, 'histograms', Buffer.alloc(0), tensor(DT_DOUBLE, [counts.length, 3], rows));
}

/** @param encoded a PNG or JPEG file of that size */
export function imageValue(tag: string, width: number, height: number, encoded: Uint8Array): Buffer {
  const strings = [String(width), String(height), encoded].map((part) => bytesField(8, part));
  return value(tag, 'images', Buffer.alloc(0), tensor(DT_STRING, [strings.length], strings));
}

/** [6, T] float32: true positives, false positives, true negatives, false negatives, precision, recall. */
export function precisionRecallValue(
  tag: string,
  { truePositives, falsePositives, numTruths }: PrecisionRecallCurve,
): Buffer {
  const right = Array.from(truePositives);
  const wrong = Array.from(falsePositives);
  const rows = [
    right,
    wrong,
    right.map(() => 0),
    right.map((tp) => numTruths - tp),
    // TensorBoard cuts off the thresholds that nothing reaches, and shows 0 for 0 / 0.
    right.map((tp, t) => tp / Math.max(1, tp + wrong[t])),
    right.map((tp) => tp / Math.max(1, numTruths)),
  ];
  const plugin = varintField(2, right.length);
  return value(tag, 'pr_curves', plugin, tensor(DT_FLOAT, [6, right.length], Float32Array.from(rows.flat())));
}

/** What the hyper-parameters plugin shows a run by. Metrics it finds among the run's scalars. */
export function sessionStartValue(hyperparameters: Hyperparameters, seconds: number): Buffer {
  const entries = Object.entries(hyperparameters).map(([name, given]) =>
    bytesField(1, Buffer.concat([bytesField(1, name), bytesField(2, structValue(given))])),
  );
  const info = Buffer.concat([...entries, doubleField(5, seconds)]);
  return sessionValue('_hparams_/session_start_info', bytesField(3, info));
}

/** That a run has come to its end. */
export function sessionSuccessValue(seconds: number): Buffer {
  const info = Buffer.concat([varintField(1, STATUS_SUCCESS), doubleField(2, seconds)]);
  return sessionValue('_hparams_/session_end_info', bytesField(4, info));
}

function sessionValue(tag: string, plugin: Buffer): Buffer {
  return value(tag, 'hparams', plugin, tensor(DT_FLOAT, [0], new Float32Array(0)));
}

/** google.protobuf.Value */
function structValue(given: string | number | boolean): Buffer {
  if (typeof given === 'number') return doubleField(2, given);
  return typeof given === 'string' ? bytesField(3, given) : boolField(4, given);
}

/** tensorflow.Summary.Value, with SummaryMetadata that names the plugin. */
function value(tag: string, plugin: string, content: Buffer, tensorProto: Buffer): Buffer {
  const pluginData = Buffer.concat([bytesField(1, plugin), bytesField(2, content)]);
  return Buffer.concat([
    bytesField(1, tag),
    bytesField(8, tensorProto),
    bytesField(9, bytesField(1, pluginData)),
  ]);
}

/** tensorflow.TensorProto: numbers as one block of little-endian bytes, strings as fields of their own. */
function tensor(
  type: number,
  shape: readonly number[],
  content: Float32Array | Float64Array | readonly Buffer[],
): Buffer {
  const dimensions = shape.map((size) => bytesField(2, varintField(1, size)));
  return Buffer.concat([
    varintField(1, type),
    bytesField(2, Buffer.concat(dimensions)),
    ...('buffer' in content
      ? [bytesField(4, new Uint8Array(content.buffer, content.byteOffset, content.byteLength))]
      : content),
  ]);
}
