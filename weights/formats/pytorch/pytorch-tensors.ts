import {
  countOf,
  countsOf,
  describeValue,
  PickleDict,
  PickleError,
  PickleFunction,
  PickleName,
  PickleObject,
  PickleTuple,
  type PickleValue,
  unexpected,
} from '../pickle/pickle-values';
import { ELEMENT_SIZE, type ElementType, type StoredTensor } from '../stored-tensor';
import { elementsSpanned, layOut, type Layout, type TensorBudget } from '../strided';
import { WeightsError } from '../weights-error';

/** torch's names of types of storage. */
export const STORAGE_NAMES: Readonly<Record<ElementType, string>> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

/** Names that are handed on; the last two are those of tensors of the newer types (uint16, float8), to refuse them well. */
const NAMES = [
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
  'torch.storage.UntypedStorage',
  'torch._utils._rebuild_tensor_v3',
];

class StorageType extends PickleName {
  constructor(readonly type: ElementType) {
    super(`torch.${STORAGE_NAMES[type]}`);
  }
}

/** Memory that tensors share, by the key under which the file has it. */
export class TorchStorage extends PickleObject {
  readonly description = 'a storage';

  constructor(
    readonly key: string,
    readonly type: ElementType,
    /** In elements. */
    readonly length: number,
  ) {
    super();
  }

  get byteLength(): number {
    return this.length * ELEMENT_SIZE[this.type];
  }
}

/** Gives a storage's bytes, little-endian, from an address that fits its type. */
export type StorageReader = (storage: TorchStorage) => Uint8Array<ArrayBuffer>;

/** A tensor as the pickle describes it: its elements are not read yet. */
export class TorchTensor extends PickleObject {
  readonly description = 'a tensor';

  constructor(
    readonly storage: TorchStorage,
    readonly layout: Layout,
  ) {
    super();
  }

  /** @throws WeightsError where the tensor does not fit into its storage. */
  read(file: string, name: string, readStorage: StorageReader, budget: TensorBudget): StoredTensor {
    const { storage, layout } = this;
    const excess = budget.take(storage.type, layout.shape);
    if (excess !== undefined)
      throw new WeightsError(excess.code, { file, entry: name, shape: layout.shape }, excess.reason);
    const spanned = elementsSpanned(layout);
    if (spanned > storage.length) {
      const reason = `reaches to element ${spanned} of a storage that has ${storage.length}`;
      throw new WeightsError(
        'pytorch-storage-short',
        { file, entry: name, end: spanned, length: storage.length },
        reason,
      );
    }
    return layOut(readStorage(storage), storage.type, layout);
  }
}

/** The names of torch that weights need. */
export function torchGlobals(): Map<string, PickleObject> {
  const rebuildParameter = ([data]: readonly PickleValue[]): PickleValue => data ?? null;
  const known: [string, PickleObject][] = [
    ...(Object.keys(STORAGE_NAMES) as ElementType[]).map((type): [string, PickleObject] => [
      `torch.${STORAGE_NAMES[type]}`,
      new StorageType(type),
    ]),
    ...NAMES.map((name): [string, PickleObject] => [name, new PickleName(name)]),
    ...Object.entries({
      'torch._utils._rebuild_tensor': rebuildTensor,
      'torch._utils._rebuild_tensor_v2': rebuildTensor,
      'torch._utils._rebuild_parameter': rebuildParameter,
      'torch._utils._rebuild_parameter_with_state': rebuildParameter,
      'torch._tensor._rebuild_from_type_v2': rebuildFromType,
      'torch.Size': ([items]: readonly PickleValue[]): PickleValue =>
        new PickleTuple(countsOf(items, 'a torch.Size')),
    }).map(([name, call]): [string, PickleObject] => [name, new PickleFunction(name, call)]),
  ];
  return new Map(known);
}

/** Arguments: storage, offset, shape, strides, requires_grad, hooks, metadata; the last three not in old files. */
function rebuildTensor([storage, offset, shape, strides, , , metadata]: readonly PickleValue[]): PickleValue {
  if (!(storage instanceof TorchStorage)) throw unexpected('pytorch-no-storage', 'has a tensor in', storage);
  if (metadata instanceof PickleDict && metadata.entries.size > 0) {
    throw new PickleError(
      'pytorch-tensor-mark',
      'has a tensor with the negation or conjugation flag; save a clone of it',
    );
  }
  const layout = {
    shape: countsOf(shape, 'the shape of a tensor'),
    offset: countOf(offset, 'the offset of a tensor'),
    strides: countsOf(strides, 'the strides of a tensor'),
  };
  if (layout.shape.length !== layout.strides.length) {
    throw new PickleError(
      'pytorch-strides',
      `has a tensor of ${layout.shape.length} sizes and ${layout.strides.length} strides`,
      { sizes: layout.shape.length, strides: layout.strides.length },
    );
  }
  return new TorchTensor(storage, layout);
}

/** A tensor with further attributes: function, type, its arguments, the attributes. */
function rebuildFromType([rebuild, type, given]: readonly PickleValue[]): PickleValue {
  if (
    !(rebuild instanceof PickleFunction) ||
    !(type instanceof PickleName) ||
    !(given instanceof PickleTuple)
  ) {
    throw new PickleError('pytorch-tensor-class', 'has a tensor of an unknown class');
  }
  return rebuild.call(given.items);
}

/**
 * The storages that a pickle refers to, by id: ('storage', type, key, location, length) and, in the legacy format,
 * a view.
 */
export class StorageTable {
  readonly byKey = new Map<string, TorchStorage>();

  /** To be called for each id of the pickle. */
  readonly load = (id: PickleValue): TorchStorage => {
    if (!(id instanceof PickleTuple) || id.items[0] !== 'storage') {
      const kind =
        id instanceof PickleTuple && typeof id.items[0] === 'string' ? id.items[0] : describeValue(id);
      throw new PickleError(
        'pytorch-reference',
        `refers to a ${kind.slice(0, 100)} outside of it; only storages of tensors are read`,
        { kind },
      );
    }
    const [, type, key, , length, view] = id.items;
    if (!(type instanceof StorageType)) {
      throw unexpected('pytorch-type', 'has a tensor of a type that is not known here, in', type);
    }
    if (typeof key !== 'string') throw unexpected('pytorch-storage-key', 'has a storage whose key is', key);
    if (view !== undefined && view !== null) {
      throw new PickleError(
        'pytorch-storage-view',
        'has a storage that is a view of another; load and save the file with a newer PyTorch',
      );
    }
    const storage = new TorchStorage(key, type.type, countOf(length, 'the length of a storage'));
    const known = this.byKey.get(key);
    if (known && (known.type !== storage.type || known.length !== storage.length)) {
      throw new PickleError(
        'pytorch-storage-twofold',
        `describes the storage ${key.slice(0, 100)} in two ways`,
        { storage: key },
      );
    }
    if (!known) this.byKey.set(key, storage);
    return known ?? storage;
  };
}

/** Reads each storage once; tensors share it. */
export function readOnce(read: StorageReader): StorageReader {
  const done = new Map<TorchStorage, Uint8Array<ArrayBuffer>>();
  return (storage) => {
    const bytes = done.get(storage) ?? read(storage);
    done.set(storage, bytes);
    return bytes;
  };
}
