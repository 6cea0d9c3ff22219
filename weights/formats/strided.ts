import { ELEMENT_SIZE, type ElementType, type StoredTensor } from './stored-tensor';

/** How a tensor lies in memory that it may share with others; counted in elements. */
export interface Layout {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly strides: readonly number[];
}

/** numpy's limit, and more than any weights have. */
export const MAX_DIMENSIONS = 64;
/** Tied weights are stored once and named twice; views may overlap. More than this is an attack on memory. */
const MAX_GROWTH = 8;
/** Small files may grow to this. */
const FREE_BYTES = 1 << 24;

/** How many bytes all tensors of a file may take together: a small file must not fill the memory, or hours. */
export class TensorBudget {
  private left: number;

  constructor(fileBytes: number) {
    this.left = MAX_GROWTH * fileBytes + FREE_BYTES;
  }

  /** Says what is wrong if it has no room for the tensor, with the code of that; undefined if it has. */
  take(type: ElementType, shape: readonly number[]): { code: string; reason: string } | undefined {
    const sizes = `shape [${shape.join(', ')}]`;
    if (!isShape(shape)) return { code: 'tensor-shape', reason: `has the invalid ${sizes}` };
    this.left -= elementCount(shape) * ELEMENT_SIZE[type];
    if (this.left >= 0) return undefined;
    const reason = `with ${sizes} makes the tensors take more than ${MAX_GROWTH} times the file's size`;
    return { code: 'tensor-budget', reason };
  }
}

/** Whether a tensor can have these sizes: strides of an empty one too must be whole numbers. */
export function isShape(sizes: readonly number[]): boolean {
  const product = sizes.reduce((product, size) => product * Math.max(size, 1), 1);
  return sizes.length <= MAX_DIMENSIONS && Number.isSafeInteger(product);
}

/** Never NaN, whatever the sizes. */
export function elementCount(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** Strides in elements of a tensor that lies densely, the last index fastest, as torch gives them. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * Math.max(shape[axis + 1], 1);
  }
  return strides;
}

/** Elements that the memory must have for the layout to lie within it. */
export function elementsSpanned({ shape, offset, strides }: Layout): number {
  if (elementCount(shape) === 0) return 0;
  return shape.reduce((end, size, axis) => end + (size - 1) * strides[axis], offset + 1);
}

/**
 * The tensor that lies so in `memory`: a part of it where it lies densely, otherwise a copy. `memory` spans the layout
 * (`elementsSpanned`) and begins at a multiple of the element's size.
 */
export function layOut(memory: Uint8Array<ArrayBuffer>, type: ElementType, layout: Layout): StoredTensor {
  const { shape, offset, strides } = layout;
  const size = ELEMENT_SIZE[type];
  const count = elementCount(shape);
  const dense = rowMajorStrides(shape);
  if (count === 0) return { type, shape, bytes: new Uint8Array() };
  if (shape.every((length, axis) => length === 1 || strides[axis] === dense[axis])) {
    return { type, shape, bytes: memory.subarray(offset * size, (offset + count) * size) };
  }
  const bytes = new Uint8Array(count * size);
  gather(bytes.buffer, memory, size, layout);
  return { type, shape, bytes };
}

function gather(to: ArrayBuffer, memory: Uint8Array<ArrayBuffer>, elementSize: number, layout: Layout): void {
  const { buffer, byteOffset, byteLength } = memory;
  const length = Math.floor(byteLength / elementSize);
  // Views of integers: copying floating-point numbers might change the bits of a NaN.
  if (elementSize === 1) copyElements(new Uint8Array(to), memory, layout);
  else if (elementSize === 2)
    copyElements(new Uint16Array(to), new Uint16Array(buffer, byteOffset, length), layout);
  else if (elementSize === 4)
    copyElements(new Uint32Array(to), new Uint32Array(buffer, byteOffset, length), layout);
  else copyElements(new BigUint64Array(to), new BigUint64Array(buffer, byteOffset, length), layout);
}

/** `shape` has at least one axis, and no size of 0. */
function copyElements<Element>(
  to: { [index: number]: Element },
  from: { readonly [index: number]: Element },
  { shape, offset, strides }: Layout,
): void {
  const last = shape.length - 1;
  const index = shape.map(() => 0);
  const [rowLength, stride] = [shape[last], strides[last]];
  let row = offset;
  for (let written = 0; ;) {
    for (let k = 0; k < rowLength; k++) to[written++] = from[row + k * stride];
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      row += strides[axis];
      if (++index[axis] < shape[axis]) break;
      row -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** A copy with big-endian elements turned into little-endian ones, or back. */
export function swappedBytes(bytes: Uint8Array<ArrayBuffer>, elementSize: number): Uint8Array<ArrayBuffer> {
  const swapped = bytes.slice();
  const buffer = Buffer.from(swapped.buffer);
  if (elementSize === 2) buffer.swap16();
  else if (elementSize === 4) buffer.swap32();
  else if (elementSize === 8) buffer.swap64();
  return swapped;
}
