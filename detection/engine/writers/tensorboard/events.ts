import { bytesField, doubleField, varintField } from '../../../files/protocol-buffers';

/** The version of event files that TensorFlow 2 writes. */
const FILE_VERSION = 'brain.Event:2';
/** tensorflow.SessionLog.SessionStatus */
const SESSION_START = 1;

/** The first event of a file. @param seconds since 1970 */
export function versionEvent(seconds: number): Buffer {
  return Buffer.concat([doubleField(1, seconds), bytesField(3, FILE_VERSION)]);
}

/** Says that training (re)starts: TensorBoard forgets what it has read of this step and later ones. */
export function startEvent(seconds: number, step: number): Buffer {
  return Buffer.concat([
    doubleField(1, seconds),
    varintField(2, step),
    bytesField(7, varintField(1, SESSION_START)),
  ]);
}

/** @param values of tensorflow.Summary.Value, as summaries.ts encodes them */
export function summaryEvent(seconds: number, step: number, values: readonly Buffer[]): Buffer {
  return Buffer.concat([
    doubleField(1, seconds),
    varintField(2, step),
    bytesField(5, Buffer.concat(values.map((value) => bytesField(1, value)))),
  ]);
}
