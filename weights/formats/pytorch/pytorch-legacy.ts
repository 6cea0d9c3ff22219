import type { BinaryFile } from '../binary-file';
import { ByteCursor } from '../byte-cursor';
import { weightsGlobals } from '../pickle/pickle-globals';
import { unpickle, type PickleContext } from '../pickle/pickle-reader';
import {
  describeValue,
  PickleDict,
  PickleError,
  PickleList,
  type PickleValue,
} from '../pickle/pickle-values';
import { readStateDict, type WeightsContents } from '../pickle/pickled-state-dict';
import { readOnce, StorageTable, type TorchStorage } from './pytorch-tensors';
import { WeightsError } from '../weights-error';

/** Such a file begins with this number, pickled in whatever protocol. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_MAGIC_BYTES = Buffer.from('6cfc9c46f9206aa85019', 'hex');
/** The only one there has been. */
const PROTOCOL_VERSION = 1001;

/** Whether a pickle that begins so is the first of such a file. */
export function isPytorchLegacy(start: Buffer): boolean {
  return start.includes(LEGACY_MAGIC_BYTES);
}

/**
 * Reads what `torch.save` wrote before PyTorch 1.6, and writes with `_use_new_zipfile_serialization=False`: five pickles
 * (magic number, protocol version, system, the object, keys of the storages), then each storage as its number of
 * elements (int64) and the elements, little-endian. Only storages that the weights use are read, each once.
 *
 * @throws WeightsError that names the file and the entry when anything about them is wrong.
 */
export function readPytorchLegacy(source: BinaryFile): WeightsContents {
  const file = source.name;
  const cursor = new ByteCursor(source);
  const plain: PickleContext = { file, globals: new Map() };
  if (unpickle(cursor, plain) !== LEGACY_MAGIC) throw new WeightsError(file, undefined, 'is no PyTorch file');
  const version = unpickle(cursor, plain);
  if (version !== PROTOCOL_VERSION) {
    throw new WeightsError(
      file,
      undefined,
      `is of PyTorch's protocol ${shown(version)}; ${PROTOCOL_VERSION} is known`,
    );
  }
  const system = unpickle(cursor, plain);
  if (!(system instanceof PickleDict)) {
    throw new WeightsError(file, undefined, `has ${describeValue(system)} where the system is described`);
  }
  const storages = new StorageTable();
  const root = unpickle(cursor, { file, globals: weightsGlobals(), persistentLoad: storages.load });
  const keys = unpickle(cursor, plain);
  const positions = findStorages(source, cursor, keys, storages);
  return readStateDict(
    source,
    root,
    readOnce((storage) => {
      const position = positions.get(storage);
      if (position === undefined) {
        throw new WeightsError(
          file,
          undefined,
          `lacks the storage ${shown(storage.key)}, which tensors refer to`,
        );
      }
      return source.readAt(position, storage.byteLength);
    }),
  );
}

/** Where in the file the elements of each storage begin. */
function findStorages(
  source: BinaryFile,
  cursor: ByteCursor,
  keys: PickleValue,
  { byKey }: StorageTable,
): Map<TorchStorage, number> {
  const fault = (reason: string): WeightsError => new WeightsError(source.name, undefined, reason);
  if (!(keys instanceof PickleList))
    throw fault(`has ${describeValue(keys)} where the keys of its storages are listed`);
  const positions = new Map<TorchStorage, number>();
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? byKey.get(key) : undefined;
    if (!storage) throw fault(`lists the storage ${shown(key)}, which no tensor refers to`);
    if (positions.has(storage)) throw fault(`lists the storage ${shown(key)} twice`);
    const length = storageLength(cursor, fault, shown(key));
    if (length !== storage.length) {
      throw fault(
        `has ${length} elements in the storage ${shown(key)}, but its tensors say ${storage.length}`,
      );
    }
    if (storage.byteLength > source.size - cursor.position) {
      throw fault(
        `is cut short: the storage ${shown(key)} would end ${cursor.position + storage.byteLength - source.size} bytes later`,
      );
    }
    positions.set(storage, cursor.position);
    cursor.position += storage.byteLength;
  }
  if (cursor.position !== source.size) {
    throw fault(`has ${source.size - cursor.position} bytes after its last storage`);
  }
  return positions;
}

function storageLength(cursor: ByteCursor, fault: (reason: string) => WeightsError, key: string): number {
  try {
    return cursor.uint64();
  } catch (error) {
    if (error instanceof PickleError) throw fault(`is cut short: it ends before the storage ${key}`);
    throw error;
  }
}

function shown(value: PickleValue): string {
  if (typeof value === 'string') return value.slice(0, 100);
  return typeof value === 'number' ? String(value) : describeValue(value);
}
