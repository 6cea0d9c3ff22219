import type { BinaryFile } from '../binary-file';
import { ByteCursor } from '../byte-cursor';
import { weightsGlobals } from './pickle-globals';
import { unpickle } from './pickle-reader';
import { readStateDict, type WeightsContents } from './pickled-state-dict';
import { WeightsError } from '../weights-error';

/**
 * Reads detectron2's `.pkl`: one pickle of a dictionary of numpy arrays, bare or under `model`, written by Python 2 or 3.
 *
 * @throws WeightsError that names the file and the entry when anything about them is wrong.
 */
export function readDetectron2Pickle(source: BinaryFile): WeightsContents {
  const cursor = new ByteCursor(source);
  const root = unpickle(cursor, { file: source.name, globals: weightsGlobals() });
  if (cursor.position !== source.size) {
    const reason = `has ${source.size - cursor.position} bytes after the end of its pickle`;
    throw new WeightsError(
      'pickle-trailing',
      { file: source.name, bytes: source.size - cursor.position },
      reason,
    );
  }
  return readStateDict(source, root, () => {
    // Storages have ids, and ids were refused.
    throw new Error('a pickle of arrays has no storages');
  });
}
