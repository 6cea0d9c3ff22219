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
  if (unpickle(cursor, plain) !== LEGACY_MAGIC)
    throw new WeightsError('pytorch-magic', { file }, 'is not a PyTorch file');
  const version = unpickle(cursor, plain);
  if (version !== PROTOCOL_VERSION) {
    throw new WeightsError(
      'pytorch-protocol',
      { file, protocol: version },
      `is of PyTorch's protocol ${shown(version)}; ${PROTOCOL_VERSION} is known`,
    );
  }
  const system = unpickle(cursor, plain);
  if (!(system instanceof PickleDict)) {
    throw new WeightsError(
      'pytorch-system',
      { file, found: describeValue(system) },
      `has ${describeValue(system)} where the system is described`,
    );
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
          'pytorch-storage-missing',
          { file, storage: storage.key },
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
  const fault: Fault = (code, reason, facts) =>
    new WeightsError(code, { file: source.name, ...facts }, reason);
  if (!(keys instanceof PickleList))
    throw fault(
      'pytorch-storage-keys',
      `has ${describeValue(keys)} where the keys of its storages are listed`,
      {
        found: describeValue(keys),
      },
    );
  const positions = new Map<TorchStorage, number>();
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? byKey.get(key) : undefined;
    if (!storage)
      throw fault('pytorch-storage-unused', `lists the storage ${shown(key)}, which no tensor refers to`, {
        storage: shown(key),
      });
    if (positions.has(storage))
      throw fault('pytorch-storage-duplicate', `lists the storage ${shown(key)} twice`, { storage: key });
    const length = storageLength(cursor, fault, shown(key));
    if (length !== storage.length) {
      throw fault(
        'pytorch-storage-length',
        `has ${length} elements in the storage ${shown(key)}, but its tensors say ${storage.length}`,
        { storage: key, length, expected: storage.length },
      );
    }
    if (storage.byteLength > source.size - cursor.position) {
      const bytes = cursor.position + storage.byteLength - source.size;
      const reason = `is truncated: the storage ${shown(key)} would end ${bytes} bytes later`;
      throw fault('pytorch-storage-cut', reason, { storage: key, bytes });
    }
    positions.set(storage, cursor.position);
    cursor.position += storage.byteLength;
  }
  if (cursor.position !== source.size) {
    const bytes = source.size - cursor.position;
    throw fault('pytorch-trailing', `has ${bytes} bytes after its last storage`, { bytes });
  }
  return positions;
}

type Fault = (code: string, reason: string, facts: Readonly<Record<string, unknown>>) => WeightsError;

function storageLength(cursor: ByteCursor, fault: Fault, storage: string): number {
  try {
    return cursor.uint64();
  } catch (error) {
    if (error instanceof PickleError) {
      const reason = `is truncated: it ends before the storage ${storage}`;
      throw fault('pytorch-storages-cut', reason, { storage });
    }
    throw error;
  }
}

function shown(value: PickleValue): string {
  if (typeof value === 'string') return value.slice(0, 100);
  return typeof value === 'number' ? String(value) : describeValue(value);
}
