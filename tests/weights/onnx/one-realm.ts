/**
 * To be imported before ONNX Runtime: its native part makes typed arrays of the process's own realm, and its JavaScript part asks
 * whether they are instances of the test's (https://github.com/jestjs/jest/issues/11864).
 */
import { runInThisContext } from 'node:vm';

for (const name of ['Float32Array', 'BigInt64Array', 'Uint8Array']) {
  Object.defineProperty(globalThis, name, { value: runInThisContext(name) as unknown });
}
