import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import {
  storedFloat32,
  storedInt32,
  storedInt64,
  toFloat32,
  type StoredTensor,
} from '../../../weights/formats/stored-tensor';
import { WeightsError } from '../../../weights/formats/weights-error';
import { anyDamage, anyTensor, damaged, readDamaged } from './weight-files';
import { thrownBy } from '../../thrown';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'safetensors-'))));
afterEach(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => path.join(folder, name);

/** A file with this header, byte for byte, and `data`. */
function fileWith(header: string | object, data = Buffer.alloc(0)): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header), 'latin1');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(inFolder('x.safetensors'), Buffer.concat([length, json, data]));
  return inFolder('x.safetensors');
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/**
 * Written by safetensors 0.8.0: `safetensors.numpy.save({'a': np.array([[1.5, -2]], np.float32),
 * 'n.num_batches_tracked': np.array(7, np.int64), 'h': np.array([0.5, -65504, 6e-8], np.float16),
 * 'b': np.array([True, False]), 'e': np.zeros((0, 3), np.float32)}, metadata={'format': 'pt'})`, in base64.
 */
const WRITTEN_BY_PYTHON =
  'SAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJuLm51bV9iYXRjaGVzX3RyYWNrZWQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJhIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxLDJdLCJkYXRhX29mZnNldHMiOls4LDE2XX0sImUiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzE2LDE2XX0sImgiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlsxNiwyMl19LCJiIjp7ImR0eXBlIjoiQk9PTCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzIyLDI0XX19BwAAAAAAAAAAAMA/AAAAwAA4//sBAAEA';

describe('readSafetensors', () => {
  it('reads what the reference implementation wrote', () => {
    writeFileSync(inFolder('python.safetensors'), Buffer.from(WRITTEN_BY_PYTHON, 'base64'));
    const { tensors, metadata } = readSafetensors(inFolder('python.safetensors'), { requireFinite: true });
    expect(metadata).toEqual({ format: 'pt' });
    const summary = Object.fromEntries(
      [...tensors].map(([name, t]) => [name, [t.type, t.shape, [...toFloat32(t)]]]),
    );
    expect(summary).toEqual({
      a: ['F32', [1, 2], [1.5, -2]],
      'n.num_batches_tracked': ['I64', [], [7]],
      h: ['F16', [3], [0.5, -65504, 2 ** -24]],
      b: ['BOOL', [2], [1, 0]],
      e: ['F32', [0, 3], []],
    });
  });

  it('writes the same header and data as the reference implementation', () => {
    const python = Buffer.from(WRITTEN_BY_PYTHON, 'base64');
    writeFileSync(inFolder('python.safetensors'), python);
    const { tensors, metadata } = readSafetensors(inFolder('python.safetensors'));
    writeSafetensors(inFolder('ours.safetensors'), tensors, metadata);
    const ours = readFileSync(inFolder('ours.safetensors'));
    const split = (file: Buffer) => {
      const end = 8 + Number(file.readBigUInt64LE());
      return { header: JSON.parse(file.subarray(8, end).toString()) as object, data: file.subarray(end) };
    };
    expect(split(ours)).toEqual(split(python));
  });

  it('reads every type', () => {
    const data = Buffer.alloc(8);
    data.writeUInt16LE(0xc0a0); // bfloat16: -5
    data.writeInt16LE(-300, 2);
    data.writeInt8(-7, 4);
    data.writeUInt8(200, 5);
    const file = fileWith(
      {
        a: entry('BF16', [1], 0, 2),
        b: entry('I16', [1], 2, 4),
        c: entry('I8', [], 4, 5),
        d: entry('U8', [3], 5, 8),
      },
      data,
    );
    const values = [...readSafetensors(file).tensors.values()].map((t) => [...toFloat32(t)]);
    expect(values).toEqual([[-5], [-300], [-7], [200, 0, 0]]);
    const doubles = Buffer.alloc(20);
    doubles.writeDoubleLE(0.1);
    doubles.writeBigInt64LE(-5n, 8);
    doubles.writeInt32LE(1 << 20, 16);
    const wide = fileWith(
      { a: entry('F64', [1], 0, 8), b: entry('I64', [1], 8, 16), c: entry('I32', [1], 16, 20) },
      doubles,
    );
    expect([...readSafetensors(wide).tensors.values()].map((t) => toFloat32(t)[0])).toEqual([
      Math.fround(0.1),
      -5,
      1 << 20,
    ]);
  });

  it.each<[string, string | object, number, object]>([
    [
      'unknown type',
      { w: entry('F8', [1], 0, 1) },
      1,
      { code: 'safetensors-type', entry: 'w', facts: { type: 'F8' } },
    ],
    [
      'a type from the prototype',
      { w: entry('toString', [1], 0, 1) },
      1,
      { code: 'safetensors-type', entry: 'w', facts: { type: 'toString' } },
    ],
    [
      'bytes that do not fill the shape',
      { w: entry('F32', [2], 0, 4) },
      4,
      { code: 'safetensors-entry-bytes', entry: 'w', facts: { bytes: 4, expected: 8 } },
    ],
    [
      'a shape of fractions',
      { w: entry('F32', [0.5, 2], 0, 4) },
      4,
      { code: 'safetensors-shape', entry: 'w' },
    ],
    [
      'a negative shape',
      { w: entry('F32', [-1, -1], 0, 4) },
      4,
      { code: 'safetensors-shape', entry: 'w', facts: { shape: [-1, -1] } },
    ],
    [
      'offsets backwards',
      { w: entry('F32', [1], 4, 0) },
      4,
      { code: 'safetensors-offsets', entry: 'w', facts: { offsets: [4, 0] } },
    ],
    [
      'overlap',
      { v: entry('F32', [2], 0, 8), w: entry('F32', [1], 4, 8) },
      8,
      { code: 'safetensors-overlap', entry: 'w' },
    ],
    [
      'a hole',
      { v: entry('F32', [1], 0, 4), w: entry('F32', [1], 8, 12) },
      12,
      { code: 'safetensors-gap', entry: 'w', facts: { bytes: 4 } },
    ],
    [
      'offsets beyond the file',
      { w: entry('F32', [2], 0, 8) },
      4,
      { code: 'safetensors-cut', entry: 'w', facts: { end: 8, dataBytes: 4 } },
    ],
    [
      'bytes left over',
      { w: entry('F32', [1], 0, 4) },
      5,
      { code: 'safetensors-trailing', facts: { bytes: 1 } },
    ],
    [
      'a name twice',
      '{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0077":{}}',
      0,
      { code: 'safetensors-duplicate', entry: 'w' },
    ],
    [
      'a key twice in an entry',
      '{"w":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}',
      0,
      { code: 'safetensors-duplicate', entry: 'dtype' },
    ],
    [
      'a name that is no Unicode',
      '{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      0,
      { code: 'safetensors-name' },
    ],
    [
      'too many dimensions',
      { w: entry('U8', Array<number>(65).fill(1), 0, 1) },
      1,
      { code: 'safetensors-shape', entry: 'w' },
    ],
    [
      'an empty shape beyond all measure',
      { w: entry('U8', [2 ** 40, 2 ** 40, 0], 0, 0) },
      0,
      { code: 'safetensors-shape', entry: 'w' },
    ],
    [
      'a header that would fill the memory',
      `{"w":[${'[],'.repeat(3_000_000)}0]}`,
      0,
      { code: 'safetensors-header-long', facts: { headerBytes: 9_000_009 } },
    ],
    [
      'depth',
      `{"w":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
      0,
      { code: 'safetensors-entry-object', entry: 'w' },
    ],
    [
      'a name as long as the file',
      { ['w'.repeat(1e6)]: 1 },
      0,
      { code: 'safetensors-entry-object', entry: 'w'.repeat(1e6) },
    ],
    ['no JSON', '{"w"', 0, { code: 'safetensors-header-json' }],
    ['an array', '[]', 0, { code: 'safetensors-header-object' }],
    ['an entry that is no object', { w: 1 }, 0, { code: 'safetensors-entry-object', entry: 'w' }],
    [
      'metadata that is no text',
      { __metadata__: { a: 1 } },
      0,
      { code: 'safetensors-metadata-text', entry: '__metadata__', facts: { key: 'a' } },
    ],
  ])('refuses %s', (_, header, dataBytes, fault) => {
    const file = fileWith(header, Buffer.alloc(dataBytes));
    const error = thrownBy(() => readSafetensors(file));
    expect(error).toBeInstanceOf(WeightsError);
    expect(error).toMatchObject({ file, ...fault });
  });

  it('refuses files that are none', () => {
    const fault = (file: string) => thrownBy(() => readSafetensors(file));
    expect(fault(inFolder('missing'))).toMatchObject({
      code: 'weights-unreadable',
      file: inFolder('missing'),
    });
    expect(fault(folder)).toMatchObject({ code: 'weights-no-file', file: folder });
    writeFileSync(inFolder('empty'), '');
    expect(fault(inFolder('empty'))).toMatchObject({ code: 'safetensors-short', facts: { bytes: 0 } });
    writeFileSync(inFolder('text'), 'PK\u0003\u0004 this is something else altogether');
    expect(fault(inFolder('text'))).toMatchObject({ code: 'safetensors-header-cut' });
  });

  it('refuses NaN and infinity where asked, and only there', () => {
    for (const [bad, position] of [
      [[1, NaN], 1],
      [[-Infinity, 1], 0],
    ] as const) {
      writeSafetensors(inFolder('bad'), new Map([['w', storedFloat32([2], Float32Array.from(bad))]]));
      expect(toFloat32(readSafetensors(inFolder('bad')).tensors.get('w')!)).toEqual(Float32Array.from(bad));
      const error = thrownBy(() => readSafetensors(inFolder('bad'), { requireFinite: true }));
      expect(error).toMatchObject({ code: 'weights-not-finite', entry: 'w', facts: { element: position } });
    }
    const half = fileWith({ w: entry('F16', [1], 0, 2) }, Buffer.from([0x00, 0x7c]));
    const error = thrownBy(() => readSafetensors(half, { requireFinite: true }));
    expect(error).toMatchObject({ code: 'weights-not-finite', entry: 'w', facts: { element: 0 } });
    const double = Buffer.alloc(8);
    double.writeDoubleLE(1e300);
    const wide = fileWith({ w: entry('F64', [1], 0, 8) }, double);
    expect(() => readSafetensors(wide, { requireFinite: true })).not.toThrow();
  });
});

describe('writeSafetensors', () => {
  it('leaves nothing behind when it cannot write', () => {
    const wrong: StoredTensor = { type: 'F32', shape: [3], bytes: new Uint8Array(4) };
    expect(() => writeSafetensors(inFolder('x'), new Map([['w', wrong]]))).toThrow(
      /4 bytes do not fill F32 \[3\]/,
    );
    const error = thrownBy(() => writeSafetensors(inFolder('no/such/folder'), new Map()));
    expect(error).toMatchObject({ code: 'file-unwritable', facts: { file: inFolder('no/such/folder') } });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('writes integers as integers', () => {
    const tensors = new Map([
      ['long', storedInt64([2], [-1, 2 ** 40])],
      ['int', storedInt32([1], Int32Array.of(-3))],
    ]);
    writeSafetensors(inFolder('x'), tensors);
    const read = readSafetensors(inFolder('x')).tensors;
    expect(new BigInt64Array(read.get('long')!.bytes.buffer)).toEqual(BigInt64Array.of(-1n, 2n ** 40n));
    expect(toFloat32(read.get('int')!)).toEqual(Float32Array.of(-3));
  });

  const names = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', '', 'a.b', '"\\{', '7', '10'),
  );
  const tensorName = names.filter((name) => name !== '__metadata__' && !/\p{Surrogate}/u.test(name));
  const files = fc.record({
    tensors: fc.array(fc.tuple(tensorName, anyTensor), { maxLength: 5 }).map((entries) => new Map(entries)),
    metadata: fc.dictionary(tensorName, tensorName, { maxKeys: 3, noNullPrototype: true }),
  });

  it('gives back what it was given', () => {
    fc.assert(
      fc.property(files, ({ tensors, metadata }) => {
        writeSafetensors(inFolder('x'), tensors, metadata);
        const read = readSafetensors(inFolder('x'));
        expect([...read.tensors]).toEqual([...tensors]); // in this order
        expect(read.metadata).toEqual(metadata);
      }),
      { numRuns: 200 },
    );
  });

  it('a damaged file is refused or reads as a whole, never anything else', () => {
    fc.assert(
      fc.property(files, anyDamage, fc.boolean(), ({ tensors, metadata }, how, onlyHeader) => {
        writeSafetensors(inFolder('x'), tensors, metadata);
        const bytes = readFileSync(inFolder('x'));
        if (onlyHeader) {
          const end = 8 + Number(bytes.readBigUInt64LE());
          fileWith(damaged(bytes.subarray(8, end), how).toString('latin1'), bytes.subarray(end));
        } else writeFileSync(inFolder('x.safetensors'), damaged(bytes, how));
        readDamaged(() => ({ ...readSafetensors(inFolder('x.safetensors')), leftOut: [] }));
      }),
      { numRuns: 500 },
    );
  });
});
