import type { BinaryFile } from '../binary-file';
import { ByteCursor, memorySource } from '../byte-cursor';
import { weightsGlobals } from '../pickle/pickle-globals';
import { unpickle } from '../pickle/pickle-reader';
import { readStateDict, type WeightsContents } from '../pickle/pickled-state-dict';
import { readOnce, StorageTable } from './pytorch-tensors';
import { ELEMENT_SIZE } from '../stored-tensor';
import { swappedBytes } from '../strided';
import { WeightsError } from '../weights-error';
import { readZipDirectory, readZipEntry, type ZipEntry } from '../zip/zip-archive';

/**
 * Reads what `torch.save` writes since PyTorch 1.6: a zip archive with `data.pkl`, `byteorder`, and a file in `data/` for
 * each storage, all in one folder. Only storages that the weights use are read, each once.
 *
 * @throws WeightsError that names the file and the entry when anything about them is wrong.
 */
export function readPytorchZip(source: BinaryFile): WeightsContents {
  const entries = readZipDirectory(source);
  const folder = findFolder(source.name, entries);
  const entry = (name: string): ZipEntry => {
    const found = entries.get(folder + name);
    if (!found)
      throw new WeightsError(
        'pytorch-entry-missing',
        { file: source.name, entry: folder + name },
        'is missing',
      );
    return found;
  };
  const isBigEndian =
    entries.has(`${folder}byteorder`) && readByteOrder(source, entry('byteorder')) === 'big';
  const storages = new StorageTable();
  const pickle = entry('data.pkl');
  const root = unpickle(new ByteCursor(memorySource(readZipEntry(source, pickle))), {
    file: source.name,
    place: pickle.name,
    globals: weightsGlobals(),
    persistentLoad: storages.load,
  });
  return readStateDict(
    source,
    root,
    readOnce((storage) => {
      const data = entry(`data/${storage.key}`);
      if (data.size !== storage.byteLength) {
        const reason = `has ${data.size} bytes, but a storage of ${storage.length} ${storage.type} takes`;
        throw new WeightsError(
          'pytorch-storage-bytes',
          { file: source.name, entry: data.name, bytes: data.size, expected: storage.byteLength },
          `${reason} ${storage.byteLength}`,
        );
      }
      const bytes = readZipEntry(source, data);
      return isBigEndian ? swappedBytes(bytes, ELEMENT_SIZE[storage.type]) : bytes;
    }),
  );
}

/** With a slash at its end; torch names it after the file. */
function findFolder(file: string, entries: ReadonlyMap<string, ZipEntry>): string {
  const folders = [...entries.keys()].flatMap(
    (name) => /^(.*\/)?data\.pkl$/.exec(name)?.[0].slice(0, -8) ?? [],
  );
  if (folders.length !== 1) {
    throw new WeightsError(
      'pytorch-no-pickle',
      { file, count: folders.length },
      `is not a PyTorch file: this zip archive has ${folders.length} data.pkl`,
    );
  }
  const [folder] = folders;
  if (entries.has(`${folder}constants.pkl`)) {
    throw new WeightsError(
      'pytorch-script',
      { file },
      'is a TorchScript program; save the state_dict() of the model instead',
    );
  }
  return folder;
}

function readByteOrder(source: BinaryFile, entry: ZipEntry): 'little' | 'big' {
  const text = entry.size < 10 ? Buffer.from(readZipEntry(source, entry)).toString('latin1') : '';
  if (text === 'little' || text === 'big') return text;
  throw new WeightsError(
    'pytorch-byte-order',
    { file: source.name, entry: entry.name },
    'is neither little nor big',
  );
}
