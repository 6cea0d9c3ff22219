import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';

/** Of numpy's format 1. */
const MAGIC_BYTES = 8;

/**
 * The picture that the peer's bench_engine.py has saved, numpy's file of float32 [3, H, W].
 *
 * @returns [H, W, 3], which the caller disposes.
 */
export function readExportedPicture(file: string): tf.Tensor3D {
  const bytes = readFileSync(file);
  const start = MAGIC_BYTES + 2 + bytes.readUInt16LE(MAGIC_BYTES);
  const header = bytes.toString('latin1', MAGIC_BYTES + 2, start);
  const shape = /'<f4', 'fortran_order': False, 'shape': \(3, (\d+), (\d+)\)/.exec(header);
  if (!shape) throw new Error(`${file} is not numpy's file of a picture: ${header}`);
  const values = new Float32Array(Uint8Array.from(bytes.subarray(start)).buffer);
  return tf.tidy(() => tf.transpose(tf.tensor3d(values, [3, Number(shape[1]), Number(shape[2])]), [1, 2, 0]));
}
