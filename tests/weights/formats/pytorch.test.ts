import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { PickleWriter } from '../../../weights/formats/pickle/pickle-writer';
import type { WeightsContents } from '../../../weights/formats/pickle/pickled-state-dict';
import { writePytorch } from '../../../weights/formats/pytorch/pytorch-writer';
import { readWeights } from '../../../weights/formats/read-weights';
import { toFloat32 } from '../../../weights/formats/stored-tensor';
import { WeightsError } from '../../../weights/formats/weights-error';
import { zipArchive } from '../../../weights/formats/zip/zip-writer';
import {
  anyDamage,
  anyTensors,
  damaged,
  float32,
  readDamaged,
  pickleOf,
  pickleTensor,
  plain,
  temporaryFolder,
  torchLegacy,
  torchZip,
  unnoticedCuts,
  type PickledTensor,
} from './weight-files';
import { thrownBy } from '../../thrown';

const folder = temporaryFolder();
const read = (content: Uint8Array): WeightsContents => readWeights(folder.write('x.pth', content));
const values = ({ tensors }: WeightsContents): unknown =>
  Object.fromEntries([...tensors].map(([name, t]) => [name, [t.type, t.shape, [...toFloat32(t)]]]));

const whole = (...shape: number[]): Omit<PickledTensor, 'name'> => ({
  length: shape.reduce((product, size) => product * size, 1),
  shape,
  strides: shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1)),
});

/**
 * Written by torch 2.13, in base64:
 * `sd = OrderedDict(a=tensor([[1.5, -2]]), h=tensor([0.5, -65504], dtype=float16), b=tensor([1.5], dtype=bfloat16),
 * n=tensor(7), t=arange(6.).reshape(2, 3).t(), p=Parameter(ones(2)))`, `sd._metadata = OrderedDict({'': {'version': 1}})`,
 * `torch.save(sd, 'legacy.pth', _use_new_zipfile_serialization=False)`
 */
const LEGACY_BY_TORCH =
  'gAKKCmz8nEb5IGqoUBkugAJN6QMugAJ9cQAoWBAAAABwcm90b2NvbF92ZXJzaW9ucQFN6QNYDQAAAGxpdHRsZV9lbmRpYW5xAohYCgAAAHR5cGVfc2l6ZXNxA31xBChYBQAAAHNob3J0cQVLAlgDAAAAaW50cQZLBFgEAAAAbG9uZ3EHSwR1dS6AAmNjb2xsZWN0aW9ucwpPcmRlcmVkRGljdApxAClScQEoWAEAAABhcQJjdG9yY2guX3V0aWxzCl9yZWJ1aWxkX3RlbnNvcl92MgpxAygoWAcAAABzdG9yYWdlcQRjdG9yY2gKRmxvYXRTdG9yYWdlCnEFWA4AAAA5NDkwMTc3OTIwMzEyMHEGWAMAAABjcHVxB0sCTnRxCFFLAEsBSwKGcQlLAksBhnEKiWgAKVJxC3RxDFJxDVgBAAAAaHEOaAMoKGgEY3RvcmNoCkhhbGZTdG9yYWdlCnEPWA4AAAA5NDkwMTc3OTE2ODcyMHEQaAdLAk50cRFRSwBLAoVxEksBhXETiWgAKVJxFHRxFVJxFlgBAAAAYnEXaAMoKGgEY3RvcmNoCkJGbG9hdDE2U3RvcmFnZQpxGFgOAAAAOTQ5MDE3NzkxNjg4NjRxGWgHSwFOdHEaUUsASwGFcRtLAYVxHIloAClScR10cR5ScR9YAQAAAG5xIGgDKChoBGN0b3JjaApMb25nU3RvcmFnZQpxIVgOAAAAOTQ5MDE3NzkyNjE3MTJxImgHSwFOdHEjUUsAKSmJaAApUnEkdHElUnEmWAEAAAB0cSdoAygoaARoBVgOAAAAOTQ5MDE3NzkyNjE4NTZxKGgHSwZOdHEpUUsASwNLAoZxKksBSwOGcSuJaAApUnEsdHEtUnEuWAEAAABwcS9jdG9yY2guX3V0aWxzCl9yZWJ1aWxkX3BhcmFtZXRlcgpxMGgDKChoBGgFWA4AAAA5NDkwMTc3OTMxOTk2OHExaAdLAk50cTJRSwBLAoVxM0sBhXE0iWgAKVJxNXRxNlJxN4hoAClScTiHcTlScTp1fXE7WAkAAABfbWV0YWRhdGFxPGgAKVJxPVgAAAAAcT59cT9YBwAAAHZlcnNpb25xQEsBc3NzYi6AAl1xAChYDgAAADk0OTAxNzc5MTY4NzIwcQFYDgAAADk0OTAxNzc5MTY4ODY0cQJYDgAAADk0OTAxNzc5MjAzMTIwcQNYDgAAADk0OTAxNzc5MjYxNzEycQRYDgAAADk0OTAxNzc5MjYxODU2cQVYDgAAADk0OTAxNzc5MzE5OTY4cQZlLgIAAAAAAAAAADj/+wEAAAAAAAAAwD8CAAAAAAAAAAAAwD8AAADAAQAAAAAAAAAHAAAAAAAAAAYAAAAAAAAAAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAAgAAAAAAAAAAAIA/AACAPw==';
/** `torch.save({'epoch': 3, 'model': {'w': arange(6.).reshape(2, 3).t(), 'e': zeros(0, 3)}}, 'zip.pth')` */
const ZIP_BY_TORCH =
  'UEsDBAAACAgAAAAAAAAAAAAAAAAAAAAAAAAKABgAei9kYXRhLnBrbEZCFABaWlpaWlpaWlpaWlpaWlpaWlpaWoACfXEAKFgFAAAAZXBvY2hxAUsDWAUAAABtb2RlbHECfXEDKFgBAAAAd3EEY3RvcmNoLl91dGlscwpfcmVidWlsZF90ZW5zb3JfdjIKcQUoKFgHAAAAc3RvcmFnZXEGY3RvcmNoCkZsb2F0U3RvcmFnZQpxB1gBAAAAMHEIWAMAAABjcHVxCUsGdHEKUUsASwNLAoZxC0sBSwOGcQyJY2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnENKVJxDnRxD1JxEFgBAAAAZXERaAUoKGgGaAdYAQAAADFxEmgJSwB0cRNRSwBLAEsDhnEUSwNLAYZxFYloDSlScRZ0cRdScRh1dS5QSwcIRjhvkgMBAAADAQAAUEsDBAAACAgAAAAAAAAAAAAAAAAAAAAAAAARAD4Aei8uZm9ybWF0X3ZlcnNpb25GQjoAWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWjFQSwcIt+/cgwEAAAABAAAAUEsDBAAACAgAAAAAAAAAAAAAAAAAAAAAAAAUAD0Aei8uc3RvcmFnZV9hbGlnbm1lbnRGQjkAWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaNjRQSwcIP3dx6QIAAAACAAAAUEsDBAAACAgAAAAAAAAAAAAAAAAAAAAAAAALAAUAei9ieXRlb3JkZXJGQgEAWmxpdHRsZVBLBwiFPeMZBgAAAAYAAABQSwMEAAAICAAAAAAAAAAAAAAAAAAAAAAAAAgABAB6L2RhdGEvMEZCAAAAAAAAAACAPwAAAEAAAEBAAACAQAAAoEBQSwcIF5DnkRgAAAAYAAAAUEsDBAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAIADIAei9kYXRhLzFGQi4AWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlBLAwQAAAgIAAAAAAAAAAAAAAAAAAAAAAAACQAZAHovdmVyc2lvbkZCFQBaWlpaWlpaWlpaWlpaWlpaWlpaWlozClBLBwjRnmdVAgAAAAIAAABQSwMEAAAICAAAAAAAAAAAAAAAAAAAAAAAABgAOAB6Ly5kYXRhL3NlcmlhbGl6YXRpb25faWRGQjQAWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWjA1NjExMDg1MjM2MTk2NzA1Mjk0MDU3MzgxNTc1NTYwNjY5OTUxNzFQSwcISZXxbygAAAAoAAAAUEsBAgAAAAAICAAAAAAAAEY4b5IDAQAAAwEAAAoAAAAAAAAAAAAAAAAAAAAAAHovZGF0YS5wa2xQSwECAAAAAAgIAAAAAAAAt+/cgwEAAAABAAAAEQAAAAAAAAAAAAAAAABTAQAAei8uZm9ybWF0X3ZlcnNpb25QSwECAAAAAAgIAAAAAAAAP3dx6QIAAAACAAAAFAAAAAAAAAAAAAAAAADRAQAAei8uc3RvcmFnZV9hbGlnbm1lbnRQSwECAAAAAAgIAAAAAAAAhT3jGQYAAAAGAAAACwAAAAAAAAAAAAAAAABSAgAAei9ieXRlb3JkZXJQSwECAAAAAAgIAAAAAAAAF5DnkRgAAAAYAAAACAAAAAAAAAAAAAAAAACWAgAAei9kYXRhLzBQSwECAAAAAAAIAAAAAAAAAAAAAAAAAAAAAAAACAAAAAAAAAAAAAAAAADoAgAAei9kYXRhLzFQSwECAAAAAAgIAAAAAAAA0Z5nVQIAAAACAAAACQAAAAAAAAAAAAAAAABAAwAAei92ZXJzaW9uUEsBAgAAAAAICAAAAAAAAEmV8W8oAAAAKAAAABgAAAAAAAAAAAAAAAAAkgMAAHovLmRhdGEvc2VyaWFsaXphdGlvbl9pZFBLBgYsAAAAAAAAAB4DLQAAAAAAAAAAAAgAAAAAAAAACAAAAAAAAADbAQAAAAAAADgEAAAAAAAAUEsGBwAAAAATBgAAAAAAAAEAAABQSwUGAAAAAAgACADbAQAAOAQAAAAA';

describe('files by torch itself', () => {
  it('in the legacy serialization', () => {
    const contents = read(Buffer.from(LEGACY_BY_TORCH, 'base64'));
    expect(values(contents)).toEqual({
      a: ['F32', [1, 2], [1.5, -2]],
      h: ['F16', [2], [0.5, -65504]],
      b: ['BF16', [1], [1.5]],
      n: ['I64', [], [7]],
      t: ['F32', [3, 2], [0, 3, 1, 4, 2, 5]],
      p: ['F32', [2], [1, 1]],
    });
    expect([...contents.tensors.keys()].join('')).toBe('ahbntp');
    expect(contents.metadata).toEqual({ _metadata: '{"":{"version":1}}' });
  });

  it('in a zip archive, with other things beside the weights', () => {
    const contents = read(Buffer.from(ZIP_BY_TORCH, 'base64'));
    expect(values(contents)).toEqual({ w: ['F32', [3, 2], [0, 3, 1, 4, 2, 5]], e: ['F32', [0, 3], []] });
    expect(contents.leftOut).toEqual(['epoch']);
  });

  it('cut short anywhere, are refused', () => {
    for (const base64 of [LEGACY_BY_TORCH, ZIP_BY_TORCH]) {
      expect(unnoticedCuts(Buffer.from(base64, 'base64'), read)).toEqual([]);
    }
  });

  it('damaged anywhere, are refused or read as a whole', () => {
    fc.assert(
      fc.property(fc.constantFrom(LEGACY_BY_TORCH, ZIP_BY_TORCH), anyDamage, (base64, how) => {
        readDamaged(() => read(damaged(Buffer.from(base64, 'base64'), how)));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Both serializations of the same. */
const serializations: [string, (pickle: Buffer, storages: [string, number, Buffer][]) => Buffer][] = [
  [
    'zip',
    (pickle, storages) =>
      torchZip(pickle, Object.fromEntries(storages.map(([key, , bytes]) => [key, bytes] as const))),
  ],
  ['legacy', (pickle, storages) => torchLegacy(pickle, storages)],
];

describe.each(serializations)('in the %s serialization', (serialization, file) => {
  const data = float32(0, 1, 2, 3, 4, 5);

  it('views and shared storages are read once and share memory', () => {
    const contents = read(
      file(
        pickleOf(
          { name: 'all', length: 6, shape: [6], strides: [1] },
          { name: 'tied', length: 6, shape: [2, 3], strides: [3, 1] },
          { name: 'tail', length: 6, offset: 4, shape: [2], strides: [1] },
          { name: 'column', length: 6, offset: 1, shape: [2], strides: [3] },
          { name: 'expanded', length: 6, offset: 5, shape: [2, 2], strides: [0, 0] },
          { name: 'scalar', length: 6, offset: 3, shape: [], strides: [] },
          { name: 'empty', length: 6, offset: 6, shape: [0, 3], strides: [3, 1] },
        ),
        [['0', 6, data]],
      ),
    );
    expect(values(contents)).toEqual({
      all: ['F32', [6], [0, 1, 2, 3, 4, 5]],
      tied: ['F32', [2, 3], [0, 1, 2, 3, 4, 5]],
      tail: ['F32', [2], [4, 5]],
      column: ['F32', [2], [1, 4]],
      expanded: ['F32', [2, 2], [5, 5, 5, 5]],
      scalar: ['F32', [], [3]],
      empty: ['F32', [0, 3], []],
    });
    const memory = (name: string) => contents.tensors.get(name)?.bytes.buffer;
    expect(memory('tied')).toBe(memory('all'));
    expect(memory('tail')).toBe(memory('all'));
  });

  it.each([['model'], ['state_dict'], ['model_state_dict']])('finds the state dict under %s', (key) => {
    const pickle = new PickleWriter()
      .operations('}')
      .text('lr')
      .integer(1)
      .operations('s')
      .text(key)
      .operations('}');
    pickleTensor(pickle.text('w'), { name: 'w', ...whole(6) });
    pickle.operations('ss').integer(7).operations('Ns');
    const contents = read(file(pickle.finish(), [['0', 6, data]]));
    expect([...contents.tensors.keys()]).toEqual(['w']);
    expect(contents.leftOut).toEqual(['lr', 'a number']);
  });

  it('takes tensors of a name for tensors', () => {
    const contents = read(file(pickleOf({ name: 'model', ...whole(2, 3) }), [['0', 6, data]]));
    expect([...contents.tensors.keys()]).toEqual(['model']);
  });

  it.each<[string, PickledTensor[], object]>([
    [
      'a tensor beyond its storage',
      [{ name: 'w', length: 6, offset: 1, shape: [6], strides: [1] }],
      { code: 'pytorch-storage-short', entry: 'w', facts: { end: 7, length: 6 } },
    ],
    [
      'strides beyond it',
      [{ name: 'w', length: 6, shape: [2, 2], strides: [5, 1] }],
      { code: 'pytorch-storage-short', entry: 'w', facts: { end: 7, length: 6 } },
    ],
    [
      'strides beyond all measure',
      [{ name: 'w', length: 6, shape: [2], strides: [2 ** 53 - 1] }],
      { code: 'pytorch-storage-short', entry: 'w', facts: { end: 2 ** 53 } },
    ],
    [
      'fewer strides than sizes',
      [{ name: 'w', length: 6, shape: [2, 3], strides: [1] }],
      { code: 'pytorch-strides', facts: { sizes: 2, strides: 1 } },
    ],
    [
      'a negative size',
      [{ name: 'w', length: 6, shape: [-1], strides: [1] }],
      { code: 'pickle-count', facts: { what: 'the shape of a tensor', found: '-1' } },
    ],
    [
      'a negative offset',
      [{ name: 'w', length: 6, offset: -1, shape: [1], strides: [1] }],
      { code: 'pickle-count', facts: { what: 'the offset of a tensor', found: '-1' } },
    ],
    [
      'a negative stride',
      [{ name: 'w', length: 6, offset: 5, shape: [2], strides: [-1] }],
      { code: 'pickle-count', facts: { what: 'the strides of a tensor', found: '-1' } },
    ],
    [
      'a tensor larger than memory',
      [{ name: 'w', length: 6, shape: [2 ** 30, 2 ** 20], strides: [0, 0] }],
      { code: 'tensor-budget', entry: 'w', facts: { shape: [2 ** 30, 2 ** 20] } },
    ],
    [
      'many large views of little',
      Array.from({ length: 40 }, (_, k) => ({ name: `w${k}`, length: 6, shape: [250_000], strides: [0] })),
      {
        code: 'tensor-budget',
        entry: expect.stringMatching(/^w\d+$/) as unknown,
        facts: { shape: [250_000] },
      },
    ],
    [
      'two types of a storage',
      [
        { name: 'v', length: 6, shape: [1], strides: [1] },
        { name: 'w', storage: 'IntStorage', length: 6, shape: [1], strides: [1] },
      ],
      { code: 'pytorch-storage-twofold', facts: { storage: '0' } },
    ],
    [
      'two lengths of a storage',
      [
        { name: 'v', length: 6, shape: [1], strides: [1] },
        { name: 'w', length: 5, shape: [1], strides: [1] },
      ],
      { code: 'pytorch-storage-twofold', facts: { storage: '0' } },
    ],
    [
      'an unknown type',
      [{ name: 'w', storage: 'ComplexFloatStorage', length: 3, shape: [1], strides: [1] }],
      { code: 'pickle-global', facts: { global: 'torch.ComplexFloatStorage' } },
    ],
    [
      'a storage of another size',
      [{ name: 'w', ...whole(7) }],
      serialization === 'legacy'
        ? { code: 'pytorch-storage-length', facts: { storage: '0', length: 6, expected: 7 } }
        : { code: 'pytorch-storage-bytes', entry: 'x/data/0', facts: { bytes: 24, expected: 28 } },
    ],
    [
      'a smaller storage',
      [{ name: 'w', ...whole(5) }],
      serialization === 'legacy'
        ? { code: 'pytorch-storage-length', facts: { storage: '0', length: 6, expected: 5 } }
        : { code: 'pytorch-storage-bytes', entry: 'x/data/0', facts: { bytes: 24, expected: 20 } },
    ],
    [
      'a missing storage',
      [
        { name: 'v', ...whole(6) },
        { name: 'w', key: '../../0', ...whole(6) },
      ],
      serialization === 'legacy'
        ? { code: 'pytorch-storage-missing', facts: { storage: '../../0' } }
        : { code: 'pytorch-entry-missing', entry: 'x/data/../../0' },
    ],
    ['no tensors', [], { code: 'weights-no-tensors' }],
  ])('refuses %s', (_, tensors, fault) => {
    const content = file(pickleOf(...tensors), tensors.length === 0 ? [] : [['0', 6, data]]);
    const error = thrownBy(() => read(content));
    expect(error).toBeInstanceOf(WeightsError);
    expect(error).toMatchObject(fault);
  });

  it.each<[string, (pickle: PickleWriter) => PickleWriter, object]>([
    ['a list', (p) => p.operations(']'), { code: 'weights-no-dictionary', facts: { found: 'a list' } }],
    [
      'a tensor alone',
      (p) => pickleTensor(p, { name: '', ...whole(6) }),
      { code: 'weights-no-dictionary', facts: { found: 'a tensor' } },
    ],
    [
      'a dictionary that is its own state dict',
      (p) => p.operations('}q\x01').text('model').operations('h\x01s'),
      { code: 'weights-no-tensor', entry: 'model', facts: { found: 'a dictionary' } },
    ],
    [
      'numbers among the tensors',
      (p) => p.operations('}').text('epoch').integer(3).operations('s'),
      { code: 'weights-no-tensor', entry: 'epoch', facts: { found: 'a number' } },
    ],
    [
      'names that are numbers',
      (p) => p.operations('}').integer(3).operations('Ns'),
      { code: 'weights-entry-name', facts: { found: 'a number' } },
    ],
    [
      'two state dicts',
      (p) => p.operations('}').text('model').operations('}s').text('state_dict').operations('}s'),
      { code: 'weights-ambiguous', facts: { keys: ['model', 'state_dict'] } },
    ],
    [
      'a whole module',
      (p) => p.operations('((').text('module').operations('NNNtQ'),
      { code: 'pytorch-reference', facts: { kind: 'module' } },
    ],
    [
      'a storage for a tensor',
      (p) =>
        p
          .operations('}')
          .text('w')
          .operations('(')
          .text('storage')
          .global('torch', 'FloatStorage')
          .text('0')
          .text('cpu')
          .integer(6)
          .operations('tQs'),
      { code: 'weights-no-tensor', entry: 'w', facts: { found: 'a storage' } },
    ],
    [
      'a tensor without storage',
      (p) =>
        p.global('torch._utils', '_rebuild_tensor_v2').operations('(N').integer(0).operations('))\x89}tR'),
      { code: 'pytorch-no-storage', facts: { found: 'None' } },
    ],
    [
      'a view of a storage',
      (p) =>
        p
          .operations('(')
          .text('storage')
          .global('torch', 'FloatStorage')
          .text('0')
          .text('cpu')
          .integer(6)
          .operations(')tQ'),
      { code: 'pytorch-storage-view' },
    ],
    [
      'a newer type',
      (p) =>
        p
          .operations('(')
          .text('storage')
          .global('torch.storage', 'UntypedStorage')
          .text('0')
          .text('cpu')
          .integer(6)
          .operations('tQ'),
      { code: 'pytorch-type' },
    ],
  ])('refuses %s', (_, root, fault) => {
    const content = file(root(new PickleWriter()).finish(), []);
    const error = thrownBy(() => read(content));
    expect(error).toBeInstanceOf(WeightsError);
    expect(error).toMatchObject(fault);
  });

  it('takes parameters, and tensors with attributes, for tensors', () => {
    const pickle = new PickleWriter()
      .operations('}')
      .text('p')
      .global('torch._utils', '_rebuild_parameter')
      .operations('(');
    pickleTensor(pickle, { name: 'p', ...whole(6) }).operations('\x88}tRs');
    pickle.text('a').global('torch._tensor', '_rebuild_from_type_v2').operations('(');
    pickle
      .global('torch._utils', '_rebuild_tensor_v2')
      .global('torch', 'Tensor')
      .operations('((')
      .text('storage');
    pickle.global('torch', 'FloatStorage').text('0').text('cpu').integer(6).operations('tQ');
    pickle.integer(5).operations('))\x89}t}tRs');
    expect(values(read(file(pickle.finish(), [['0', 6, data]])))).toEqual({
      p: ['F32', [6], [0, 1, 2, 3, 4, 5]],
      a: ['F32', [], [5]],
    });
  });

  it('with a damaged pickle, is refused or read as a whole', () => {
    const pickle = pickleOf(
      { name: 'all', ...whole(2, 3) },
      { name: 'column', length: 6, offset: 1, shape: [2], strides: [3] },
    );
    fc.assert(
      fc.property(anyDamage, (how) => {
        readDamaged(() => read(file(damaged(pickle, how), [['0', 6, data]])));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses NaN where asked', () => {
    const content = file(pickleOf({ name: 'w', ...whole(2) }), [['0', 2, float32(1, NaN)]]);
    const error = thrownBy(() => readWeights(folder.write('x', content), { requireFinite: true }));
    expect(error).toMatchObject({ code: 'weights-not-finite', entry: 'w', facts: { element: 1 } });
    expect(read(content).tensors.size).toBe(1);
  });

  it('reads every type', () => {
    const types = {
      Double: 8,
      Float: 4,
      Half: 2,
      BFloat16: 2,
      Long: 8,
      Int: 4,
      Short: 2,
      Char: 1,
      Byte: 1,
      Bool: 1,
    };
    const entries = Object.entries(types).map(([name, size], k) => ({ name, key: String(k), size }));
    const contents = read(
      file(
        pickleOf(...entries.map(({ name, key }) => ({ name, key, storage: `${name}Storage`, ...whole(2) }))),
        entries.map(({ key, size }) => [key, 2, Buffer.alloc(2 * size, 1)]),
      ),
    );
    expect([...contents.tensors.values()].map(({ type }) => type).join(' ')).toBe(
      'F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL',
    );
    expect([...contents.tensors.values()].every(({ bytes }) => bytes.every((byte) => byte === 1))).toBe(true);
  });

  if (serialization === 'legacy') {
    it.each<[string, Buffer, object]>([
      [
        'an unknown version',
        torchLegacy(pickleOf({ name: 'w', ...whole(6) }), [['0', 6, data]], 1002),
        { code: 'pytorch-protocol', facts: { protocol: 1002 } },
      ],
      [
        'a storage twice',
        torchLegacy(pickleOf({ name: 'w', ...whole(6) }), [
          ['0', 6, data],
          ['0', 6, data],
        ]),
        { code: 'pytorch-storage-duplicate', facts: { storage: '0' } },
      ],
      [
        'a storage of nobody',
        torchLegacy(pickleOf({ name: 'w', ...whole(6) }), [
          ['0', 6, data],
          ['1', 6, data],
        ]),
        { code: 'pytorch-storage-unused', facts: { storage: '1' } },
      ],
      [
        'bytes left over',
        Buffer.concat([torchLegacy(pickleOf({ name: 'w', ...whole(6) }), [['0', 6, data]]), data]),
        { code: 'pytorch-trailing', facts: { bytes: 24 } },
      ],
      [
        'a storage cut short',
        torchLegacy(pickleOf({ name: 'w', ...whole(6) }), [['0', 6, data]]).subarray(0, -4),
        { code: 'pytorch-storage-cut', facts: { storage: '0', bytes: 4 } },
      ],
      [
        'no storage at all',
        torchLegacy(pickleOf({ name: 'w', ...whole(6) }), [['0', 6, data]]).subarray(0, -25),
        { code: 'pytorch-storages-cut', facts: { storage: '0' } },
      ],
    ])('refuses %s', (_, content, fault) => {
      expect(thrownBy(() => read(content))).toMatchObject(fault);
    });
  } else {
    it('turns big-endian numbers round', () => {
      const big = Buffer.from(data).swap32();
      const contents = read(torchZip(pickleOf({ name: 'w', ...whole(6) }), { 0: big }, 'big'));
      expect(values(contents)).toEqual({ w: ['F32', [6], [0, 1, 2, 3, 4, 5]] });
      const error = thrownBy(() => read(torchZip(pickleOf(), {}, 'middle')));
      expect(error).toMatchObject({ code: 'pytorch-byte-order', entry: 'x/byteorder' });
    });

    it('refuses what was compressed afterwards', () => {
      const zip = torchZip(pickleOf({ name: 'w', ...whole(6) }), { 0: data });
      zip.writeUInt16LE(8, zip.lastIndexOf('x/data/0') - 36);
      const error = thrownBy(() => read(zip));
      expect(error).toMatchObject({ code: 'zip-compressed', entry: 'x/data/0' });
    });

    it('refuses archives of other things', () => {
      const without = torchZip(pickleOf(), {});
      without.write('x/data.pkX', without.indexOf('x/data.pkl'));
      without.write('x/data.pkX', without.lastIndexOf('x/data.pkl'));
      const error = thrownBy(() => read(without));
      expect(error).toMatchObject({ code: 'pytorch-no-pickle', facts: { count: 0 } });
      const program = Buffer.concat([
        ...zipArchive([
          ['x/data.pkl', pickleOf()],
          ['x/constants.pkl', pickleOf()],
        ]),
      ]);
      program.writeUInt16LE(8, program.lastIndexOf('x/constants.pkl') - 36); // some of its entries are compressed
      expect(thrownBy(() => read(program))).toMatchObject({ code: 'pytorch-script' });
    });
  }
});

describe('writePytorch', () => {
  it('gives back what it was given: names, order, types, every bit', () => {
    fc.assert(
      fc.property(anyTensors, (tensors) => {
        writePytorch(folder.in('x.pth'), tensors);
        expect(plain(readWeights(folder.in('x.pth')).tensors)).toEqual(plain(tensors));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the versions of the modules, and says what else it leaves out', () => {
    const tensors = read(Buffer.from(LEGACY_BY_TORCH, 'base64')).tensors;
    const versions = JSON.stringify({ '': { version: 1 }, bn: { version: 2 }, none: {} });
    const leftOut = (name: string, metadata: Record<string, string>): readonly string[] =>
      writePytorch(folder.in(name), tensors, metadata).leftOut;
    expect(leftOut('y.pth', { _metadata: versions, license: 'MIT' })).toEqual(['license']);
    expect(readWeights(folder.in('y.pth')).metadata).toEqual({ _metadata: versions });
    expect(leftOut('z.pth', { _metadata: '{"a": "b"}' })).toEqual(['_metadata']);
    expect(leftOut('z.pth', { _metadata: 'no JSON' })).toEqual(['_metadata']);
    expect(readWeights(folder.in('z.pth')).metadata).toEqual({});
  });

  it('writes the same file each time', () => {
    const tensors = read(Buffer.from(ZIP_BY_TORCH, 'base64')).tensors;
    writePytorch(folder.in('a'), tensors);
    writePytorch(folder.in('b'), tensors);
    expect(readFileSync(folder.in('a')).equals(readFileSync(folder.in('b')))).toBe(true);
  });
});
