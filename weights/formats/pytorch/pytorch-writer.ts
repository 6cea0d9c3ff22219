import { z } from 'zod';
import { writeWholeFile } from '../../../detection/files/whole-file';
import { PickleWriter } from '../pickle/pickle-writer';
import { MODULE_VERSIONS } from '../pickle/pickled-state-dict';
import { STORAGE_NAMES } from './pytorch-tensors';
import { ELEMENT_SIZE, type StoredTensor } from '../stored-tensor';
import { elementCount, rowMajorStrides } from '../strided';
import { zipArchive } from '../zip/zip-writer';

/** What torch names the folder within the archive when it does not know the file's name. */
const FOLDER = 'archive';
/** Of torch's zip format, since 1.6. */
const FORMAT_VERSION = '3\n';

const moduleVersionsSchema = z.record(z.string(), z.record(z.string(), z.int()));

/**
 * Writes a state dict as `torch.save` does, whole or not at all: an OrderedDict of tensors in the order given, which
 * `torch.load(weights_only=True)` reads. Of the metadata, PyTorch's format has room for the versions of the modules
 * (`_metadata`) alone. Each tensor gets a storage of its own, also one that shared its memory: values are kept, ties not.
 *
 * @returns the bytes written, and the keys of the metadata that were left out
 * @throws InputError where the file cannot be written.
 */
export function writePytorch(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): {
  /** Bytes. */
  readonly written: number;
  /** Keys of the metadata. */
  readonly leftOut: readonly string[];
} {
  const versions = moduleVersions(metadata[MODULE_VERSIONS]);
  const storages = [...tensors.values()].map(({ bytes }, key) => [`${FOLDER}/data/${key}`, bytes] as const);
  const written = writeWholeFile(
    file,
    zipArchive([
      [`${FOLDER}/data.pkl`, pickleStateDict(tensors, versions)],
      [`${FOLDER}/byteorder`, Buffer.from('little')],
      ...storages,
      [`${FOLDER}/version`, Buffer.from(FORMAT_VERSION)],
    ]),
  );
  const isLeftOut = (key: string): boolean => key !== MODULE_VERSIONS || versions === undefined;
  return { written, leftOut: Object.keys(metadata).filter(isLeftOut) };
}

type ModuleVersions = z.infer<typeof moduleVersionsSchema>;

function moduleVersions(json: string | undefined): ModuleVersions | undefined {
  if (json === undefined) return undefined;
  try {
    return moduleVersionsSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined; // somebody else's metadata
  }
}

function pickleStateDict(
  tensors: ReadonlyMap<string, StoredTensor>,
  versions: ModuleVersions | undefined,
): Buffer {
  const pickle = new PickleWriter();
  orderedDict(pickle).operations('(');
  [...tensors].forEach(([name, tensor], key) => pickleTensor(pickle.text(name), String(key), name, tensor));
  pickle.operations('u');
  if (versions) {
    orderedDict(pickle.operations('}').text('_metadata')).operations('(');
    for (const [module, numbers] of Object.entries(versions)) {
      pickle.text(module).operations('}(');
      for (const [key, number] of Object.entries(numbers)) pickle.text(key).integer(number);
      pickle.operations('u');
    }
    pickle.operations('usb');
  }
  return pickle.finish();
}

function pickleTensor(
  pickle: PickleWriter,
  key: string,
  name: string,
  { type, shape, bytes }: StoredTensor,
): void {
  const count = elementCount(shape);
  if (bytes.byteLength !== count * ELEMENT_SIZE[type]) {
    throw new Error(`${name}: ${bytes.byteLength} bytes do not fill ${type} [${shape.join(', ')}]`);
  }
  pickle.global('torch._utils', '_rebuild_tensor_v2').operations('((').text('storage');
  pickle.global('torch', STORAGE_NAMES[type]).text(key).text('cpu').integer(count).operations('tQ');
  pickle.integer(0).tuple(shape).tuple(rowMajorStrides(shape)).operations('\x89');
  orderedDict(pickle).operations('tR');
}

/** Empty: for the state dict, and for the hooks that each tensor has a place for. */
function orderedDict(pickle: PickleWriter): PickleWriter {
  return pickle.global('collections', 'OrderedDict').operations(')R');
}
