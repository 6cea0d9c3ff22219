import fc from 'fast-check';
import { PickleWriter } from '../../../weights/formats/pickle/pickle-writer';
import type { WeightsContents } from '../../../weights/formats/pickle/pickled-state-dict';
import { readWeights } from '../../../weights/formats/read-weights';
import { toFloat32 } from '../../../weights/formats/stored-tensor';
import { WeightsError } from '../../../weights/formats/weights-error';
import { anyDamage, damaged, readDamaged, temporaryFolder, unnoticedCuts } from './weight-files';
import { thrownBy } from '../../thrown';

const folder = temporaryFolder();
const read = (content: Uint8Array): WeightsContents => readWeights(folder.write('x.pkl', content));
const values = ({ tensors }: WeightsContents): unknown =>
  Object.fromEntries([...tensors].map(([name, t]) => [name, [t.type, t.shape, [...toFloat32(t)]]]));

/**
 * Written by numpy 2.4, in base64: `pickle.dumps({'model': {'a': np.arange(6, dtype='f4').reshape(2, 3),
 * 'f': np.asfortranarray(np.arange(6, dtype='>f4').reshape(2, 3)), 'n': np.int64(-7), 'b': np.array([True, False]),
 * 'h': np.array([0.5], 'f2'), 'e': np.zeros((0, 3))}, '__author__': 'me'}, protocol)`
 */
const BY_NUMPY: [number, string][] = [
  [
    2,
    'gAJ9cQAoWAUAAABtb2RlbHEBfXECKFgBAAAAYXEDY251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnEEY251bXB5Cm5kYXJyYXkKcQVLAIVxBmNfY29kZWNzCmVuY29kZQpxB1gBAAAAYnEIWAYAAABsYXRpbjFxCYZxClJxC4dxDFJxDShLAUsCSwOGcQ5jbnVtcHkKZHR5cGUKcQ9YAgAAAGY0cRCJiIdxEVJxEihLA1gBAAAAPHETTk5OSv////9K/////0sAdHEUYoloB1gbAAAAAAAAAAAAwoA/AAAAQAAAQEAAAMKAQAAAwqBAcRVoCYZxFlJxF3RxGGJYAQAAAGZxGWgEaAVLAIVxGmgLh3EbUnEcKEsBSwJLA4ZxHWgPWAIAAABmNHEeiYiHcR9ScSAoSwNYAQAAAD5xIU5OTkr/////Sv////9LAHRxImKIaAdYGwAAAAAAAABAQAAAP8KAAABAwoAAAEAAAABAwqAAAHEjaAmGcSRScSV0cSZiWAEAAABucSdjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpzY2FsYXIKcShoD1gCAAAAaThxKYmIh3EqUnErKEsDaBNOTk5K/////0r/////SwB0cSxiaAdYEAAAAMO5w7/Dv8O/w7/Dv8O/w79xLWgJhnEuUnEvhnEwUnExWAEAAABicTJoBGgFSwCFcTNoC4dxNFJxNShLAUsChXE2aA9YAgAAAGIxcTeJiIdxOFJxOShLA1gBAAAAfHE6Tk5OSv////9K/////0sAdHE7YoloB1gCAAAAAQBxPGgJhnE9UnE+dHE/YlgBAAAAaHFAaARoBUsAhXFBaAuHcUJScUMoSwFLAYVxRGgPWAIAAABmMnFFiYiHcUZScUcoSwNoE05OTkr/////Sv////9LAHRxSGKJaAdYAgAAAAA4cUloCYZxSlJxS3RxTGJYAQAAAGVxTWgEaAVLAIVxTmgLh3FPUnFQKEsBSwBLA4ZxUWgPWAIAAABmOHFSiYiHcVNScVQoSwNoE05OTkr/////Sv////9LAHRxVWKJY19fYnVpbHRpbl9fCmJ5dGVzCnFWKVJxV3RxWGJ1WAoAAABfX2F1dGhvcl9fcVlYAgAAAG1lcVp1Lg==',
  ],
  [
    4,
    'gASVQQIAAAAAAAB9lCiMBW1vZGVslH2UKIwBYZSMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsCSwOGlGgHjAVkdHlwZZSTlIwCZjSUiYiHlFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYolDGAAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQJR0lGKMAWaUaAZoCUsAhZRoC4eUUpQoSwFLAksDhpRoEIwCZjSUiYiHlFKUKEsDjAE+lE5OTkr/////Sv////9LAHSUYohDGAAAAABAQAAAP4AAAECAAABAAAAAQKAAAJR0lGKMAW6UaASMBnNjYWxhcpSTlGgQjAJpOJSJiIeUUpQoSwNoFE5OTkr/////Sv////9LAHSUYkMI+f////////+UhpRSlIwBYpRoBmgJSwCFlGgLh5RSlChLAUsChZRoEIwCYjGUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LAHSUYolDAgEAlHSUYowBaJRoBmgJSwCFlGgLh5RSlChLAUsBhZRoEIwCZjKUiYiHlFKUKEsDaBROTk5K/////0r/////SwB0lGKJQwIAOJR0lGKMAWWUaAZoCUsAhZRoC4eUUpQoSwFLAEsDhpRoEIwCZjiUiYiHlFKUKEsDaBROTk5K/////0r/////SwB0lGKJQwCUdJRidYwKX19hdXRob3JfX5SMAm1llHUu',
  ],
  [
    5,
    'gAWVMQIAAAAAAAB9lCiMBW1vZGVslH2UKIwBYZSME251bXB5Ll9jb3JlLm51bWVyaWOUjAtfZnJvbWJ1ZmZlcpSTlCiWGAAAAAAAAAAAAAAAAACAPwAAAEAAAEBAAACAQAAAoECUjAVudW1weZSMBWR0eXBllJOUjAJmNJSJiIeUUpQoSwOMATyUTk5OSv////9K/////0sAdJRiSwJLA4aUjAFDlHSUUpSMAWaUaAYolhgAAAAAAAAAAAAAAEBAAAA/gAAAQIAAAEAAAABAoAAAlGgKjAJmNJSJiIeUUpQoSwOMAT6UTk5OSv////9K/////0sAdJRiSwJLA4aUjAFGlHSUUpSMAW6UjBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwGc2NhbGFylJOUaAqMAmk4lImIh5RSlChLA2gOTk5OSv////9K/////0sAdJRiQwj5/////////5SGlFKUjAFilGgGKJYCAAAAAAAAAAEAlGgKjAJiMZSJiIeUUpQoSwOMAXyUTk5OSv////9K/////0sAdJRiSwKFlGgRdJRSlIwBaJRoBiiWAgAAAAAAAAAAOJRoCowCZjKUiYiHlFKUKEsDaA5OTk5K/////0r/////SwB0lGJLAYWUaBF0lFKUjAFllGgGKJYAAAAAAAAAAJRoCowCZjiUiYiHlFKUKEsDaA5OTk5K/////0r/////SwB0lGJLAEsDhpRoEXSUUpR1jApfX2F1dGhvcl9flIwCbWWUdS4=',
  ],
];
const IN_THEM = {
  a: ['F32', [2, 3], [0, 1, 2, 3, 4, 5]],
  f: ['F32', [2, 3], [0, 1, 2, 3, 4, 5]],
  n: ['I64', [], [-7]],
  b: ['BOOL', [2], [1, 0]],
  h: ['F16', [1], [0.5]],
  e: ['F64', [0, 3], []],
};

describe.each(BY_NUMPY)('arrays that numpy pickled in protocol %i', (_, base64) => {
  it('are read', () => {
    const contents = read(Buffer.from(base64, 'base64'));
    expect(values(contents)).toEqual(IN_THEM);
    expect(contents.leftOut).toEqual(['__author__']);
  });

  it('are refused when cut short anywhere', () => {
    expect(unnoticedCuts(Buffer.from(base64, 'base64'), read)).toEqual([]);
  });

  it('are refused or read as a whole when damaged anywhere', () => {
    fc.assert(
      fc.property(anyDamage, (how) => {
        readDamaged(() => read(damaged(Buffer.from(base64, 'base64'), how)));
      }),
      { numRuns: 500 },
    );
  });
});

/** A dictionary with an array, as Python 2 pickles it: bytes are strings. The array is still to be set as item w. */
function array(type: string, shape: number[], data: Buffer, order = '<'): PickleWriter {
  const pickle = new PickleWriter().operations('}U\x01w').global('numpy.core.multiarray', '_reconstruct');
  pickle.operations('(').global('numpy', 'ndarray').operations('(K\0tU\x01btR(').integer(1).tuple(shape);
  pickle.global('numpy', 'dtype').operations(`(U${String.fromCharCode(type.length)}${type}K\0K\x01tR`);
  pickle.operations(`(K\x03U\x01${order}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89`);
  return pickle.operations(`U${String.fromCharCode(data.length)}${data.toString('latin1')}tb`);
}

const finished = (pickle: PickleWriter): Buffer => pickle.operations('s').finish();

it('reads arrays that Python 2 pickled, bit by bit', () => {
  const data = Buffer.from([0x00, 0x7f, 0x80, 0xff, 0x01, 0x02, 0xc2, 0xe9]);
  const [tensor] = read(finished(array('f4', [2], data))).tensors.values();
  expect([...tensor.bytes]).toEqual([...data]);
  const [swapped] = read(finished(array('f4', [2], data, '>'))).tensors.values();
  expect([...swapped.bytes]).toEqual([0xff, 0x80, 0x7f, 0x00, 0xe9, 0xc2, 0x02, 0x01]);
});

it('keeps a name for an array that another name has too', () => {
  const pickle = array('u1', [2], Buffer.of(1, 2)).operations('q\x01sU\x01vh\x01s');
  const { tensors } = read(pickle.finish());
  expect(tensors.get('v')).toBe(tensors.get('w'));
  expect([...(tensors.get('v')?.bytes ?? [])]).toEqual([1, 2]);
});

it.each<[string, Buffer, object]>([
  [
    'data that do not fill the shape',
    finished(array('f4', [3], Buffer.alloc(8))),
    { code: 'numpy-bytes', entry: 'w', facts: { bytes: 8, expected: 12 } },
  ],
  [
    'data beyond the shape',
    finished(array('f4', [1], Buffer.alloc(8))),
    { code: 'numpy-bytes', entry: 'w', facts: { bytes: 8, expected: 4 } },
  ],
  [
    'objects',
    finished(array('O8', [1], Buffer.alloc(8))),
    { code: 'numpy-type', entry: 'w', facts: { type: 'O8' } },
  ],
  [
    'text',
    finished(array('S8', [1], Buffer.alloc(8))),
    { code: 'numpy-type', entry: 'w', facts: { type: 'S8' } },
  ],
  [
    'unknown numbers',
    finished(array('c8', [1], Buffer.alloc(8))),
    { code: 'numpy-type', entry: 'w', facts: { type: 'c8' } },
  ],
  [
    'an unknown order of bytes',
    finished(array('f4', [1], Buffer.alloc(4), '!')),
    { code: 'numpy-byte-order' },
  ],
  [
    'a shape that is absurd',
    finished(array('f4', [2 ** 50], Buffer.alloc(4))),
    { code: 'tensor-budget', entry: 'w', facts: { shape: [2 ** 50] } },
  ],
  [
    'bytes left over',
    Buffer.concat([finished(array('f4', [1], Buffer.alloc(4))), Buffer.alloc(3)]),
    { code: 'pickle-trailing', facts: { bytes: 3 } },
  ],
  [
    'an array without data',
    new PickleWriter()
      .operations('}U\x01w')
      .global('numpy.core.multiarray', '_reconstruct')
      .operations(')Rs')
      .finish(),
    { code: 'numpy-no-data', entry: 'w' },
  ],
  ['a torch tensor in it', new PickleWriter().operations('}U\x01wNQs').finish(), { code: 'pickle-outside' }],
  [
    'code',
    new PickleWriter().global('os', 'system').operations('(U\x02lstR').finish(),
    { code: 'pickle-global', facts: { global: 'os.system' } },
  ],
])('refuses %s', (_, content, fault) => {
  const error = thrownBy(() => read(content));
  expect(error).toBeInstanceOf(WeightsError);
  expect(error).toMatchObject(fault);
});

it('arrays of unknown types may lie beside the weights: the state of random numbers, say', () => {
  const pickle = array('u4', [1], Buffer.alloc(4)).operations('s').text('model');
  const inner = array('f4', [1], Buffer.from([0, 0, 128, 63]))
    .operations('s')
    .finish()
    .subarray(2, -1);
  const contents = read(pickle.operations(inner.toString('latin1')).operations('s').finish());
  expect(values(contents)).toEqual({ w: ['F32', [1], [1]] });
  expect(contents.leftOut).toEqual(['w']);
});

it('refuses text beyond latin1 for data', () => {
  const pickle = new PickleWriter()
    .operations('}U\x01w')
    .global('numpy._core.numeric', '_frombuffer')
    .operations('(');
  pickle.text('€').global('numpy', 'dtype').operations('(U\x02u1tR').tuple([1]).operations('U\x01CtRs');
  expect(thrownBy(() => read(pickle.finish()))).toMatchObject({ code: 'numpy-text', entry: 'w' });
});
