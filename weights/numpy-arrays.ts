import {
  countsOf,
  describeValue,
  PickleError,
  PickleFunction,
  PickleName,
  PickleObject,
  PickleTuple,
  type PickleValue,
} from './pickle-values';
import { ELEMENT_SIZE, type ElementType, type StoredTensor } from './stored-tensor';
import { elementCount, layOut, rowMajorStrides, swappedBytes, type TensorBudget } from './strided';
import { WeightsError } from './weights-error';

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
  isBigEndian = false;

  constructor(readonly type: ElementType) {
    super();
  }

  /** (version, byte order, ...); '|' where bytes have no order, '=' where it is that of the writer's machine. */
  override setState(state: PickleValue): void {
    const order = state instanceof PickleTuple ? state.items[1] : undefined;
    if (order !== '<' && order !== '>' && order !== '|' && order !== '=') {
      throw new PickleError(`has a numpy.dtype of unknown byte order`);
    }
    this.isBigEndian = order === '>';
  }
}

/** An array as the pickle holds it. */
interface NumpyContents {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly isBigEndian: boolean;
  /** The first index is the fastest. */
  readonly isFortran: boolean;
  readonly data: string | Uint8Array<ArrayBuffer>;
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
    const [shape, type, isFortran, data] = items.slice(-4);
    this.held = contentsOf(shape, type, isFortran === true || isFortran === 1, data);
  }

  /** @throws WeightsError where the data do not fill the shape. */
  read(file: string, name: string, budget: TensorBudget): StoredTensor {
    const { held } = this;
    if (!held) throw new WeightsError(file, name, 'is an array without data');
    const excess = budget.take(held.type, held.shape);
    if (excess !== undefined) throw new WeightsError(file, name, excess);
    const stored = 'bytes' in held ? held : store(file, name, held);
    this.held = stored; // text is as large as the bytes made from it, and no longer needed
    return stored;
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
      ([type, data]) => new NumpyArray(contentsOf(new PickleTuple([]), type, false, data)),
    );
    add(
      `${inside}.numeric._frombuffer`,
      ([data, type, shape, order]) => new NumpyArray(contentsOf(shape, type, order === 'F', data)),
    );
  }
  add('numpy.dtype', ([name]) => {
    const plain = typeof name === 'string' ? name.replace(/^[<>=|]/, '') : '';
    if (!Object.hasOwn(TYPES, plain)) {
      const given = typeof name === 'string' ? name.slice(0, 100) : describeValue(name);
      throw new PickleError(`has the unknown numpy type ${JSON.stringify(given)}`);
    }
    const dtype = new NumpyType(TYPES[plain]);
    dtype.isBigEndian = typeof name === 'string' && name.startsWith('>');
    return dtype;
  });
  known.set('numpy.ndarray', new PickleName('numpy.ndarray'));
  return known;
}

function contentsOf(
  shape: PickleValue | undefined,
  dtype: PickleValue | undefined,
  isFortran: boolean,
  data: PickleValue | undefined,
): NumpyContents {
  if (!(dtype instanceof NumpyType)) throw new PickleError(`has an array of type ${describeValue(dtype)}`);
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
    throw new PickleError(`has an array whose data are ${describeValue(data)}`);
  }
  const { type, isBigEndian } = dtype;
  return { type, shape: countsOf(shape, 'the shape of an array'), isBigEndian, isFortran, data };
}

function store(file: string, name: string, contents: NumpyContents): StoredTensor {
  const { type, shape, isBigEndian, isFortran, data } = contents;
  const needed = elementCount(shape) * ELEMENT_SIZE[type];
  if (data.length !== needed) {
    const reason = `has ${data.length} bytes, but ${type} [${shape.join(', ')}] takes ${needed}`;
    throw new WeightsError(file, name, reason);
  }
  const asStored = typeof data === 'string' ? latin1Bytes(file, name, data) : data;
  const bytes = isBigEndian ? swappedBytes(asStored, ELEMENT_SIZE[type]) : asStored;
  const strides = isFortran ? rowMajorStrides([...shape].reverse()).reverse() : rowMajorStrides(shape);
  return layOut(bytes, type, { shape, offset: 0, strides });
}

function latin1Bytes(file: string, name: string, text: string): Uint8Array<ArrayBuffer> {
  if (/[^\0-\xff]/.test(text)) throw new WeightsError(file, name, 'has data that are text, not bytes');
  const bytes = new Uint8Array(text.length);
  Buffer.from(bytes.buffer).write(text, 'latin1');
  return bytes;
}
