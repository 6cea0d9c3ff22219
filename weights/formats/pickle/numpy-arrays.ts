import {
  countsOf,
  PickleError,
  PickleFunction,
  PickleName,
  PickleObject,
  PickleTuple,
  type PickleValue,
  unexpected,
} from './pickle-values';
import { ELEMENT_SIZE, type ElementType, type StoredTensor } from '../stored-tensor';
import { elementCount, layOut, rowMajorStrides, swappedBytes, type TensorBudget } from '../strided';
import { quoted, WeightsError } from '../weights-error';

/** numpy's names of types, without the byte order. */
const TYPES: Readonly<Record<string, ElementType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u1: 'U8',
  b1: 'BOOL',
};

class NumpyType extends PickleObject {
  readonly description = 'a numpy.dtype';
  isBigEndian: boolean;

  /** @param name such as `f4` or `>f4`; arrays of unknown types may lie beside the weights. */
  constructor(private readonly name: string) {
    super();
    this.isBigEndian = name.startsWith('>');
  }

  get type(): ElementType {
    const plain = this.name.replace(/^[<>=|]/, '');
    if (Object.hasOwn(TYPES, plain)) return TYPES[plain];
    throw new PickleError('numpy-type', `has the unknown numpy type ${quoted(this.name)}`, {
      type: this.name,
    });
  }

  /** (version, byte order, ...); '|' where bytes have no order, '=' where it is that of the writer's machine. */
  override setState(state: PickleValue): void {
    const order = state instanceof PickleTuple ? state.items[1] : undefined;
    if (order !== '<' && order !== '>' && order !== '|' && order !== '=') {
      throw new PickleError('numpy-byte-order', `has a numpy.dtype of unknown byte order`);
    }
    this.isBigEndian = order === '>';
  }
}

/** An array as the pickle holds it, right or wrong. */
interface NumpyContents {
  readonly shape: PickleValue | undefined;
  readonly dtype: PickleValue | undefined;
  /** The first index is the fastest. */
  readonly isFortran: boolean;
  readonly data: PickleValue | undefined;
}

/** An array, or a scalar as an array without dimensions. */
export class NumpyArray extends PickleObject {
  readonly description = 'an array';

  constructor(private held?: NumpyContents | StoredTensor) {
    super();
  }

  /** (version, shape, dtype, whether the first index is the fastest, data), or the same without version. */
  override setState(state: PickleValue): void {
    const items = state instanceof PickleTuple ? state.items : [];
    const [shape, dtype, isFortran, data] = items.slice(-4);
    this.held = { shape, dtype, isFortran: isFortran === true || isFortran === 1, data };
  }

  /** @throws WeightsError where the array is of an unknown type, or its data do not fill the shape. */
  read(file: string, name: string, budget: TensorBudget): StoredTensor {
    try {
      const { held } = this;
      if (!held) throw new PickleError('numpy-no-data', 'is an array without data');
      const stored = 'bytes' in held ? held : store(held, budget);
      this.held = stored; // text is as large as the bytes made from it, and no longer needed
      return stored;
    } catch (error) {
      if (!(error instanceof PickleError)) throw error;
      throw new WeightsError(error.code, { file, entry: name, ...error.facts }, error.message);
    }
  }
}

/** The names of numpy that arrays need; numpy 2 has moved its insides from `core` to `_core`. */
export function numpyGlobals(): Map<string, PickleObject> {
  const known = new Map<string, PickleObject>();
  const add = (name: string, call: (given: readonly PickleValue[]) => PickleValue): void => {
    known.set(name, new PickleFunction(name, call));
  };
  for (const inside of ['numpy.core', 'numpy._core']) {
    add(`${inside}.multiarray._reconstruct`, () => new NumpyArray());
    add(
      `${inside}.multiarray.scalar`,
      ([dtype, data]) => new NumpyArray({ shape: new PickleTuple([]), dtype, isFortran: false, data }),
    );
    add(
      `${inside}.numeric._frombuffer`,
      ([data, dtype, shape, order]) => new NumpyArray({ shape, dtype, isFortran: order === 'F', data }),
    );
  }
  add('numpy.dtype', ([name]) => {
    if (typeof name !== 'string') throw unexpected('numpy-dtype-name', 'has a numpy.dtype of', name);
    return new NumpyType(name);
  });
  known.set('numpy.ndarray', new PickleName('numpy.ndarray'));
  return known;
}

function store(contents: NumpyContents, budget: TensorBudget): StoredTensor {
  const { dtype, isFortran, data } = contents;
  if (!(dtype instanceof NumpyType)) throw unexpected('numpy-dtype', 'has', dtype, ' for its type');
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
    throw unexpected('numpy-data', 'has', data, ' for its data');
  }
  const { type, isBigEndian } = dtype;
  const shape = countsOf(contents.shape, 'the shape of an array');
  const excess = budget.take(type, shape);
  if (excess !== undefined) throw new PickleError(excess.code, excess.reason, { shape });
  const needed = elementCount(shape) * ELEMENT_SIZE[type];
  if (data.length !== needed) {
    throw new PickleError(
      'numpy-bytes',
      `has ${data.length} bytes, but ${type} [${shape.join(', ')}] takes ${needed}`,
      { bytes: data.length, expected: needed },
    );
  }
  const asStored = typeof data === 'string' ? latin1Bytes(data) : data;
  const bytes = isBigEndian ? swappedBytes(asStored, ELEMENT_SIZE[type]) : asStored;
  const strides = isFortran ? rowMajorStrides([...shape].reverse()).reverse() : rowMajorStrides(shape);
  return layOut(bytes, type, { shape, offset: 0, strides });
}

function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  if (/[^\0-\xff]/.test(text)) throw new PickleError('numpy-text', 'has data that are text, not bytes');
  const bytes = new Uint8Array(text.length);
  Buffer.from(bytes.buffer).write(text, 'latin1');
  return bytes;
}
