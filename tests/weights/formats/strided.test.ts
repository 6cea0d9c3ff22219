import fc from 'fast-check';
import {
  elementCount,
  elementsSpanned,
  layOut,
  rowMajorStrides,
  swappedBytes,
  TensorBudget,
} from '../../../weights/formats/strided';
import { ELEMENT_SIZE, type ElementType } from '../../../weights/formats/stored-tensor';

describe('layOut', () => {
  const layouts = fc.record({
    type: fc.constantFrom<ElementType>('U8', 'BF16', 'F32', 'F64'),
    axes: fc.array(fc.record({ size: fc.nat(4), stride: fc.nat(6) }), { maxLength: 4 }),
    offset: fc.nat(5),
  });

  it('takes the element at offset + sum of index times stride, bit by bit', () => {
    fc.assert(
      fc.property(layouts, ({ type, axes, offset }) => {
        const [shape, strides] = [axes.map(({ size }) => size), axes.map(({ stride }) => stride)];
        const layout = { shape, strides, offset };
        const size = ELEMENT_SIZE[type];
        // All bits set: NaN with a payload among floating-point numbers.
        const memory = Uint8Array.from({ length: elementsSpanned(layout) * size }, (_, i) =>
          i % 3 ? 0xff : i,
        );
        let places = [offset];
        axes.forEach(({ size: length, stride }) => {
          places = places.flatMap((place) => Array.from({ length }, (_, i) => place + i * stride));
        });
        const expected = places.flatMap((place) => [...memory.subarray(place * size, (place + 1) * size)]);
        expect([...layOut(memory, type, layout).bytes]).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('shares memory where the tensor lies densely', () => {
    const memory = new Uint8Array(40);
    const tensor = layOut(memory, 'F32', { shape: [2, 1, 3], strides: [3, 99, 1], offset: 2 });
    expect(tensor.bytes.buffer).toBe(memory.buffer);
    expect([tensor.bytes.byteOffset, tensor.bytes.byteLength]).toEqual([8, 24]);
  });
});

test('strides and spans are torch’s', () => {
  // torch.empty(2, 3, 4).stride(), torch.empty(0, 3).stride(), torch.empty(2, 0, 3).stride()
  expect(rowMajorStrides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(rowMajorStrides([0, 3])).toEqual([3, 1]);
  expect(rowMajorStrides([2, 0, 3])).toEqual([3, 3, 1]);
  expect(rowMajorStrides([])).toEqual([]);
  expect(elementsSpanned({ shape: [], strides: [], offset: 4 })).toBe(5);
  expect(elementsSpanned({ shape: [3, 2], strides: [1, 3], offset: 0 })).toBe(6);
  expect(elementsSpanned({ shape: [0, 9], strides: [9, 1], offset: 100 })).toBe(0);
  expect(elementCount([2 ** 53 - 1, 2 ** 53 - 1, 0])).toBe(0);
});

test('swapping bytes twice gives them back, and once reverses each element', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  expect([...swappedBytes(bytes, 1)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...swappedBytes(bytes, 2)]).toEqual([2, 1, 4, 3, 6, 5, 8, 7]);
  expect([...swappedBytes(bytes, 4)]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
  expect([...swappedBytes(bytes, 8)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect([...swappedBytes(swappedBytes(bytes.subarray(4), 4), 4)]).toEqual([5, 6, 7, 8]);
});

test('tensors may take eight times the file and a little, and no more', () => {
  const budget = new TensorBudget(1000);
  expect(budget.take('U8', [8000])).toBeUndefined();
  expect(budget.take('F32', [2 ** 22])).toBeUndefined();
  expect(budget.take('U8', [1])).toMatchObject({ code: 'tensor-budget' });
  const takenOf1 = (shape: number[]) => new TensorBudget(1).take('F32', shape);
  expect(takenOf1([2 ** 30, 2 ** 20])).toMatchObject({ code: 'tensor-budget' });
  expect(takenOf1([2 ** 40, 2 ** 40, 0])).toMatchObject({ code: 'tensor-shape' });
  expect(takenOf1(Array<number>(65).fill(1))).toMatchObject({ code: 'tensor-shape' });
});
