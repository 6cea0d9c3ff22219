import { mkdirSync, truncateSync } from 'node:fs';
import { writePytorch } from '../../../weights/formats/pytorch/pytorch-writer';
import { readWeights } from '../../../weights/formats/read-weights';
import { writeSafetensors } from '../../../weights/formats/safetensors';
import { storedFloat32 } from '../../../weights/formats/stored-tensor';
import { WeightsError } from '../../../weights/formats/weights-error';
import { float32, pickleOf, temporaryFolder, torchLegacy } from './weight-files';

const folder = temporaryFolder();
const tensors = new Map([['w', storedFloat32([2], Float32Array.of(1, 2))]]);

test('the content tells the format, not the name', () => {
  writeSafetensors(folder.in('a.pth'), tensors, { licence: 'MIT' });
  expect(readWeights(folder.in('a.pth'))).toMatchObject({ metadata: { licence: 'MIT' }, leftOut: [] });
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
  for (const file of ['bad.safetensors', 'bad.pth']) {
    expect(readWeights(folder.in(file)).tensors.size).toBe(1);
    const message = `${folder.in(file)}: entry "w": element 1 is NaN or infinite`;
    expect(() => readWeights(folder.in(file), { requireFinite: true })).toThrow(message);
  }
});

test.each<[string, string, RegExp]>([
  ['an empty file', '', /is empty/],
  [
    'a page of a web server',
    '<!DOCTYPE html><html>',
    /is none of safetensors, PyTorch \(\.pth\) and detectron2/,
  ],
  ['a few bytes', 'PK', /is none of/],
  ['a zip archive cut short', 'PK\x03\x04', /a zip archive cut short/],
])('%s is refused', (_, content, message) => {
  const file = folder.write('x', Buffer.from(content, 'latin1'));
  expect(() => readWeights(file)).toThrow(WeightsError);
  expect(() => readWeights(file)).toThrow(message);
});

test('what no memory holds is refused', () => {
  const header = JSON.stringify({ w: { dtype: 'U8', shape: [2 ** 40], data_offsets: [0, 2 ** 40] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = folder.write('x', Buffer.concat([length, Buffer.from(header)]));
  truncateSync(file, 8 + header.length + 2 ** 40); // a hole, which takes no room on the disk
  expect(() => readWeights(file)).toThrow(/has 1099511627776 bytes in one piece, which no memory holds/);
});

test('what is no file is refused', () => {
  mkdirSync(folder.in('folder'));
  expect(() => readWeights(folder.in('folder'))).toThrow(/is not a file/);
  expect(() => readWeights(folder.in('missing'))).toThrow(/cannot be read: ENOENT/);
});
