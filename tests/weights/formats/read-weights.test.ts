import { mkdirSync, truncateSync } from 'node:fs';
import { writePytorch } from '../../../weights/formats/pytorch/pytorch-writer';
import { readWeights } from '../../../weights/formats/read-weights';
import { writeSafetensors } from '../../../weights/formats/safetensors-file';
import { storedFloat32 } from '../../../weights/formats/stored-tensor';
import { WeightsError } from '../../../weights/formats/weights-error';
import { float32, pickleOf, temporaryFolder, torchLegacy } from './weight-files';
import { thrownBy } from '../../thrown';

const folder = temporaryFolder();
const tensors = new Map([['w', storedFloat32([2], Float32Array.of(1, 2))]]);

test('the content tells the format, not the name', () => {
  writeSafetensors(folder.in('a.pth'), tensors, { license: 'MIT' });
  expect(readWeights(folder.in('a.pth'))).toMatchObject({ metadata: { license: 'MIT' }, leftOut: [] });
  writePytorch(folder.in('a.safetensors'), tensors);
  expect([...readWeights(folder.in('a.safetensors')).tensors.keys()]).toEqual(['w']);
  const pickle = pickleOf({ name: 'w', length: 2, shape: [2], strides: [1] });
  folder.write('a.pkl', torchLegacy(pickle, [['0', 2, float32(1, 2)]]));
  expect([...readWeights(folder.in('a.pkl')).tensors.keys()]).toEqual(['w']);
});

test.each([640, 896, 1152, 1408])('safetensors with a header of %i bytes are no pickles', (headerBytes) => {
  // The first bytes are then 0x80 and 2, 3, 4, 5: those of a pickle.
  const filled = (length: number) => writeSafetensors(folder.in('x'), tensors, { text: 'x'.repeat(length) });
  const header = '{"__metadata__":{"text":""},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'.length;
  filled(headerBytes - header);
  expect(readWeights(folder.in('x')).metadata['text']).toHaveLength(headerBytes - header);
});

test('NaN is refused in every format, where asked', () => {
  const bad = new Map([['w', storedFloat32([2], Float32Array.of(1, -Infinity))]]);
  writeSafetensors(folder.in('bad.safetensors'), bad);
  writePytorch(folder.in('bad.pth'), bad);
  for (const file of ['bad.safetensors', 'bad.pth'].map(folder.in)) {
    expect(readWeights(file).tensors.size).toBe(1);
    const error = thrownBy(() => readWeights(file, { requireFinite: true }));
    expect(error).toMatchObject({ code: 'weights-not-finite', file, entry: 'w', facts: { element: 1 } });
  }
});

test.each<[string, string, object]>([
  ['an empty file', '', { code: 'weights-empty' }],
  ['a page of a web server', '<!DOCTYPE html><html>', { code: 'weights-unknown-format' }],
  ['a few bytes', 'PK', { code: 'weights-unknown-format' }],
  ['a zip archive cut short', 'PK\x03\x04', { code: 'zip-cut' }],
])('%s is refused', (_, content, fault) => {
  const file = folder.write('x', Buffer.from(content, 'latin1'));
  const error = thrownBy(() => readWeights(file));
  expect(error).toBeInstanceOf(WeightsError);
  expect(error).toMatchObject({ file, entry: undefined, ...fault });
});

test('what no memory holds is refused', () => {
  const header = JSON.stringify({ w: { dtype: 'U8', shape: [2 ** 40], data_offsets: [0, 2 ** 40] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = folder.write('x', Buffer.concat([length, Buffer.from(header)]));
  truncateSync(file, 8 + header.length + 2 ** 40); // a hole, which takes no room on the disk
  const error = thrownBy(() => readWeights(file));
  expect(error).toMatchObject({ code: 'weights-no-memory', file, facts: { bytes: 2 ** 40 } });
});

test('what is no file is refused', () => {
  mkdirSync(folder.in('folder'));
  const [file, missing] = ['folder', 'missing'].map(folder.in);
  expect(thrownBy(() => readWeights(file))).toMatchObject({ code: 'weights-no-file', file });
  expect(thrownBy(() => readWeights(missing))).toMatchObject({
    code: 'weights-unreadable',
    file: missing,
    cause: { code: 'ENOENT' },
  });
});
