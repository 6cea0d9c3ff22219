import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { PickleWriter } from '../../../weights/formats/pickle/pickle-writer';
import type { WeightsContents } from '../../../weights/formats/pickle/pickled-state-dict';
import { ELEMENT_SIZE, type ElementType, type StoredTensor } from '../../../weights/formats/stored-tensor';
import { WeightsError } from '../../../weights/formats/weights-error';
import { zipArchive } from '../../../weights/formats/zip/zip-writer';

/** A folder for the tests of a file, empty before each. */
export function temporaryFolder(): {
  in: (name: string) => string;
  write: (name: string, content: Uint8Array) => string;
} {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'weights-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const inFolder = (name: string): string => path.join(folder, name);
  return {
    in: inFolder,
    write: (name, content) => {
      writeFileSync(inFolder(name), content);
      return inFolder(name);
    },
  };
}

/** A tensor as torch pickles it, right or wrong. */
export interface PickledTensor {
  readonly name: string;
  /** `torch.` before it. */
  readonly storage?: string;
  readonly key?: string;
  /** Of the storage, in elements. */
  readonly length: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The operations that push a tensor. */
export function pickleTensor(pickle: PickleWriter, tensor: PickledTensor): PickleWriter {
  const { storage = 'FloatStorage', key = '0', length, offset = 0, shape, strides } = tensor;
  pickle.global('torch._utils', '_rebuild_tensor_v2').operations('((').text('storage');
  pickle.global('torch', storage).text(key).text('cpu').integer(length).operations('tQ');
  return pickle.integer(offset).tuple(shape).tuple(strides).operations('\x89}tR');
}

export function pickleOf(...tensors: PickledTensor[]): Buffer {
  const pickle = new PickleWriter().operations('}(');
  for (const tensor of tensors) pickleTensor(pickle.text(tensor.name), tensor);
  return pickle.operations('u').finish();
}

export const float32 = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

/** torch's zip of a pickle and storages by key. */
export function torchZip(pickle: Buffer, storages: Record<string, Buffer>, byteorder = 'little'): Buffer {
  return Buffer.concat([
    ...zipArchive([
      ['x/data.pkl', pickle],
      ['x/byteorder', Buffer.from(byteorder)],
      ...Object.entries(storages).map(([key, bytes]) => [`x/data/${key}`, bytes] as const),
    ]),
  ]);
}

/** torch's legacy file of a pickle and storages: key, number of elements as it is said there, bytes. */
export function torchLegacy(
  pickle: Buffer,
  storages: readonly (readonly [string, number, Buffer])[],
  version = 1001,
): Buffer {
  const keys = new PickleWriter().operations('](');
  for (const [key] of storages) keys.text(key);
  return Buffer.concat([
    Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'), // 0x1950a86a20f9469cfc6c
    new PickleWriter().integer(version).finish(),
    new PickleWriter().operations('}').text('little_endian').operations('\x88s').finish(),
    pickle,
    keys.operations('e').finish(),
    ...storages.flatMap(([, length, bytes]) => {
      const count = Buffer.alloc(8);
      count.writeBigInt64LE(BigInt(length));
      return [count, bytes];
    }),
  ]);
}

/** Any type, any shape of up to four sides, any bytes. */
export const anyTensor = fc
  .record({
    type: fc.constantFrom(...(Object.keys(ELEMENT_SIZE) as ElementType[])),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  })
  .chain(({ type, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1) * ELEMENT_SIZE[type];
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes): StoredTensor => ({ type, shape, bytes }));
  });

/** Any tensors by any names, as a file may hold them. */
export const anyTensors = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.string({ unit: 'binary' }).filter((name) => !/\p{Cs}/u.test(name)),
        fc.constantFrom('__proto__', '', 'a.b', '"\\{', '7'),
      ),
      anyTensor,
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((entries) => new Map(entries));

/** What happens to files: cut short at some part of their length, or a few bytes changed, put in, or lost. */
type Damage =
  { cutTo: number } | { edits: readonly { at: number; remove: number; insert: readonly number[] }[] };

const part = fc.double({ min: 0, max: 0.999, noNaN: true });
const someByte = fc.nat(255).map((byte) => FREQUENT.at(byte) ?? byte);
const edit = fc.oneof(
  someByte.chain((byte) => fc.record({ at: part, remove: fc.constant(1), insert: fc.constant([byte]) })),
  fc.record({ at: part, remove: fc.nat(3), insert: fc.array(someByte, { maxLength: 3 }) }),
);
/** Bytes at the limits of numbers, and those that pickles, JSON and names are made of. */
const FREQUENT = [...Buffer.from('\0\x01\x02\x7f\x80\xff.(t)}]uRbQhqKMJX[{":,0129-', 'latin1')];
export const anyDamage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ cutTo: part }) },
  { weight: 4, arbitrary: fc.record({ edits: fc.array(edit, { minLength: 1, maxLength: 3 }) }) },
);

export function damaged(file: Uint8Array, how: Damage): Buffer {
  if ('cutTo' in how) return Buffer.from(file.subarray(0, Math.floor(how.cutTo * file.length)));
  return how.edits.reduce((bytes, { at, remove, insert }) => {
    const begin = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, begin), Buffer.from(insert), bytes.subarray(begin + remove)]);
  }, Buffer.from(file));
}

/** Reads what may be damaged: it is refused, or each tensor has as many bytes as its type and shape take. */
export function readDamaged(read: () => WeightsContents): void {
  try {
    for (const { type, shape, bytes } of read().tensors.values()) {
      expect(bytes.length).toBe(shape.reduce((product, size) => product * size, 1) * ELEMENT_SIZE[type]);
    }
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
  }
}

/** Bytes as plain numbers, so that tests show what differs. */
export function plain(
  tensors: ReadonlyMap<string, StoredTensor>,
): [string, ElementType, number[], number[]][] {
  return [...tensors].map(([name, { type, shape, bytes }]) => [name, type, [...shape], [...bytes]]);
}

/** Lengths to which a file may be cut short without anybody noticing. Other errors than WeightsError pass through. */
export function unnoticedCuts(content: Uint8Array, read: (content: Uint8Array) => unknown): number[] {
  return Array.from(content.keys()).filter((length) => {
    try {
      read(content.subarray(0, length));
      return true;
    } catch (error) {
      if (error instanceof WeightsError) return false;
      throw error;
    }
  });
}
