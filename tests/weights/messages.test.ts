import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../detection/backend/node';
import { Sgd } from '../../detection/engine/sgd';
import { Module } from '../../detection/nn/module';
import {
  loadCheckpoint,
  readCheckpointState,
  saveCheckpoint,
  verifyCheckpoint,
} from '../../weights/checkpoints/checkpoint';
import { resumeFrom } from '../../weights/checkpoints/resume';
import { resumePoint } from '../../weights/checkpoints/resume-point';
import { PickleWriter } from '../../weights/formats/pickle/pickle-writer';
import { readWeights } from '../../weights/formats/read-weights';
import { readSafetensors, writeSafetensors } from '../../weights/formats/safetensors-file';
import { storedFloat32, type StoredTensor } from '../../weights/formats/stored-tensor';
import { zipArchive } from '../../weights/formats/zip/zip-writer';
import { download } from '../../weights/published/download';
import { loadStateDict } from '../../weights/state-dict';
import { ToyModel } from '../detection/engine/toy-model';
import { rejectionOf, thrownBy } from '../thrown';
import { float32, pickleOf, temporaryFolder, torchLegacy, torchZip } from './formats/weight-files';
import { DownloadServer, saying } from './published/download-server';

/** The words of this room's errors are tested here, and nowhere else. `FILE` is the file's name. */
const folder = temporaryFolder();
const server = new DownloadServer();
let tensorsBefore: number;
beforeAll(() => loadBackend());
beforeEach(() => (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const words = (error: unknown, file = folder.in('x')): string =>
  (error as Error).message.replaceAll(file, 'FILE');

const refusal = (content: Uint8Array): string =>
  words(thrownBy(() => readWeights(folder.write('x', content), { requireFinite: true })));

function safetensors(header: object | string, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const entry = (dtype: string, shape: number[], begin: number, end: number): object => ({
  w: { dtype, shape, data_offsets: [begin, end] },
});
const W = 'FILE: entry "w":';

test.each<[string, number, string]>([
  [JSON.stringify(entry('F8', [1], 0, 1)), 1, `${W} has the unknown type "F8"`],
  [JSON.stringify(entry('F32', [2], 0, 4)), 4, `${W} has 4 bytes, but F32 [2] takes 8`],
  [JSON.stringify(entry('F32', [-1], 0, 4)), 4, `${W} has the invalid shape [-1]`],
  [JSON.stringify(entry('F32', [1], 4, 0)), 4, `${W} has the invalid data_offsets [4,0]`],
  [JSON.stringify(entry('F32', [1], 4, 8)), 8, `${W} leaves 4 bytes before it unused`],
  [JSON.stringify(entry('F32', [2], 0, 8)), 4, `${W} ends at byte 8 of the data, but the file has only 4`],
  [JSON.stringify(entry('F32', [1], 0, 4)), 5, 'FILE: has 1 bytes after the last entry'],
  ['{"w":{},"w":{}}', 0, `${W} occurs twice`],
  ['{"w":1}', 0, `${W} is not a JSON object`],
  [`{"${'w'.repeat(1000)}":1}`, 0, `FILE: entry "${'w'.repeat(197)}...": is not a JSON object`],
  ['{"__metadata__":{"a":1}}', 0, 'FILE: entry "__metadata__": "a" is not a string'],
  ['{"w"', 0, 'FILE: is not a safetensors file: its header is not JSON'],
])('safetensors %s', (header, dataBytes, expected) => {
  expect(refusal(safetensors(header, dataBytes))).toBe(expected);
});

test('files', () => {
  expect(refusal(Buffer.from(''))).toBe('FILE: is empty');
  expect(refusal(Buffer.from('<html>'))).toBe(
    'FILE: is not safetensors, PyTorch (.pth) or detectron2 (.pkl)',
  );
  writeSafetensors(folder.in('x'), new Map([['w', storedFloat32([2], Float32Array.of(1, NaN))]]));
  expect(refusal(readFileSync(folder.in('x')))).toBe(`${W} element 1 is NaN or infinite`);
  rmSync(folder.in('x'));
  const reading = () => readSafetensors(folder.in('x'));
  expect(words(thrownBy(reading))).toBe(
    "FILE: cannot be read: ENOENT: no such file or directory, open 'FILE'",
  );
  mkdirSync(folder.in('x'));
  expect(words(thrownBy(reading))).toBe('FILE: is not a file');
});

const zipOf = (...entries: [string, Uint8Array][]): Buffer => Buffer.concat([...zipArchive(entries)]);
const data = float32(0, 1, 2, 3, 4, 5);
const tensor = { name: 'w', length: 6, shape: [6], strides: [1] };

test.each<[string, () => Buffer, string]>([
  [
    'a name that might run code',
    () => new PickleWriter().global('os', 'system').operations('(U\x02lstR').finish(),
    'FILE: its pickle, near byte 13, asks for os.system, which is not one of the few names that weights need and might ' +
      'execute code: it is refused, and nothing was executed; save the model’s state_dict() alone',
  ],
  [
    'an operation',
    () => new PickleWriter().operations('\xff').finish(),
    'FILE: its pickle, near byte 3, has the operation 0xff, which data do not need: it is refused, and nothing ' +
      'was executed',
  ],
  [
    'a list',
    () => new PickleWriter().operations(']').finish(),
    'FILE: holds a list; a dictionary of tensors is expected',
  ],
  [
    'a number for a tensor',
    () => new PickleWriter().operations('}').text('w').integer(3).operations('s').finish(),
    `${W} is a number, not a tensor`,
  ],
  [
    'two state dicts',
    () =>
      new PickleWriter()
        .operations('}')
        .text('model')
        .operations('}s')
        .text('state_dict')
        .operations('}s')
        .finish(),
    'FILE: has weights under model and state_dict; it is not clear which are meant',
  ],
  [
    'a storage that is too short',
    () => torchLegacy(pickleOf({ ...tensor, offset: 1 }), [['0', 6, data]]),
    `${W} reaches to element 7 of a storage that has 6`,
  ],
  [
    'absurd sizes',
    () => torchLegacy(pickleOf({ ...tensor, shape: [2 ** 30], strides: [0] }), [['0', 6, data]]),
    `${W} with shape [1073741824] makes the tensors take more than 8 times the file's size`,
  ],
  [
    'a file that is cut short',
    () => torchLegacy(pickleOf(tensor), [['0', 6, data]]).subarray(0, -4),
    'FILE: is truncated: the storage 0 would end 4 bytes later',
  ],
  ['a missing entry', () => torchZip(pickleOf(tensor), {}), 'FILE: entry "x/data/0": is missing'],
  [
    'an archive of something else',
    () => zipOf(['a', Buffer.from('x')]),
    'FILE: is not a PyTorch file: this zip archive has 0 data.pkl',
  ],
  [
    'a program',
    () => zipOf(['x/data.pkl', pickleOf()], ['x/constants.pkl', pickleOf()]),
    'FILE: is a TorchScript program; save the state_dict() of the model instead',
  ],
  [
    'wrong data in an archive',
    () => {
      const zip = torchZip(pickleOf(tensor), { 0: data });
      zip[zip.indexOf(data)] ^= 1;
      return zip;
    },
    'FILE: entry "x/data/0": is damaged: its CRC-32 is not the one in the zip directory',
  ],
  [
    'an archive that is cut short',
    () => zipOf(['a', Buffer.from('x')]).subarray(0, -1),
    'FILE: is a truncated zip archive: the directory at its end is missing',
  ],
])('PyTorch: %s', (_, content, expected) => {
  expect(refusal(content())).toBe(expected);
});

test('entries that do not fit the model', () => {
  const model = new (class extends Module {
    readonly bias = this.parameter('bias', tf.zeros([2]));
  })();
  const misfit = (entries: Record<string, StoredTensor>): string =>
    words(thrownBy(() => loadStateDict(model, 'x.pth', new Map(Object.entries(entries)))));
  const one = storedFloat32([1], Float32Array.of(1));
  const begin = 'x.pth: does not fit the model. Entries';
  expect(misfit({ bias: one })).toBe(`${begin} of another shape: bias has [1], the model [2]`);
  expect(misfit({ 'a\nb': one, ['c'.repeat(1000)]: one })).toBe(
    `${begin} missing: bias; unexpected: "a\\nb", "${'c'.repeat(197)}..."`,
  );
  const many = Array.from({ length: 20 }, (_, i) => [`e${i}`, one] as const);
  expect(misfit(Object.fromEntries(many))).toBe(
    `${begin} missing: bias; unexpected: e0, e1, e2, e3, e4, e5, e6, e7 and 12 more`,
  );
  expect(misfit({ 'stem.conv1.weight': one })).toBe(
    `${begin} missing: bias; unexpected: stem.conv1.weight. These are names of detectron2, whose models take other ` +
      'colors, strides and ROIs than torchvision’s: their weights fit the models whose names begin with cascade or end with ' +
      '_detectron2 or _c4 (docs/weights.md)',
  );
  const bytes = new Uint8Array(Float64Array.of(1, 1e300).buffer);
  expect(misfit({ bias: { type: 'F64', shape: [2], bytes } })).toBe(
    'x.pth: entry "bias": element 1 is too large for float32',
  );
  model.dispose();
});

test('checkpoints', () => {
  const model = new ToyModel();
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
  const [[name, { variable }]] = model.namedParameters();
  tf.tidy(() => optimizer.step(new Map([[name, tf.zerosLike(variable)]]), 0.1));
  const checkpoint = folder.in('last');
  const contents = { iteration: 3, hooks: { a: 5 }, metrics: {}, metadata: {} };
  const said = (call: () => unknown): string => words(thrownBy(call), checkpoint);
  saveCheckpoint(checkpoint, { model, optimizer }, contents);
  expect(said(() => resumePoint(folder.in('.'), () => {}))).toBe(
    'FILE: is a folder, as in a copy that has followed links; replace it by a link to checkpoints/0000003',
  );
  const hook = {
    name: 'a',
    restore: () => {
      throw new Error('it is no list');
    },
  };
  expect(said(() => resumeFrom(checkpoint, { model, optimizer, hooks: [hook] }))).toBe(
    'FILE/state.json: entry "a": is not a state of this hook: it is no list',
  );
  const other = new Sgd([], { momentum: 0, weightDecay: 0 });
  expect(said(() => loadCheckpoint(checkpoint, { model, optimizer: other }))).toMatch(
    /^FILE\/optimizer\.safetensors: does not fit the optimizer: optimizer state \S+ fits no parameter$/,
  );
  folder.write('last/model.safetensors', Buffer.from('x'));
  expect(said(() => verifyCheckpoint(checkpoint))).toBe(
    'FILE/model.safetensors: is damaged: it is not what was written (its SHA-256 differs)',
  );
  for (const [state, expected] of [
    ['{"format": 3}', 'entry "format": is 3, this program reads 1 and 2'],
    ['[]', 'is not the state of a checkpoint'],
    ['{', 'is damaged: it is not JSON'],
  ]) {
    folder.write('last/state.json', Buffer.from(state));
    expect(said(() => readCheckpointState(checkpoint))).toBe(`FILE/state.json: ${expected}`);
  }
  const gone = folder.in('gone/0000001');
  expect(
    words(
      thrownBy(() => saveCheckpoint(gone, { model, optimizer }, contents)),
      gone,
    ),
  ).toBe(`FILE: cannot be written: there is no folder ${folder.in('gone')} (any more)`);
  tf.tidy(() => variable.assign(tf.fill(variable.shape, Infinity)));
  expect(said(() => saveCheckpoint(checkpoint, { model, optimizer }, contents))).toBe(
    `FILE: entry "${name}": element 0 is NaN or infinite, so it is not saved; the checkpoint before it stays`,
  );
  for (const each of [model, optimizer, other]) each.dispose();
});

test('downloads', async () => {
  const published = { file: 'w-12345678.pth', mebibytes: 6 / 2 ** 20 };
  const timing = { stall: 60, firstRetry: 0.001 };
  const file = folder.in('x');
  const { url } = server;
  const said = async (status: number, body: string): Promise<string> => {
    server.answering(saying(status, {}, body));
    return words(await rejectionOf(download(published, url, file, { timing })));
  };
  const begin = `${url}: cannot be downloaded:`;
  const end = 'Or get it in another way and save it as FILE';
  expect(await said(404, '')).toBe(`${begin} the server answers 404 Not Found. ${end}`);
  expect(await said(500, '')).toBe(
    `${begin} the server answers 500 Internal Server Error; given up after 5 attempts. ${end}`,
  );
  expect(await said(200, '<html>')).toBe(
    `${begin} its SHA-256 begins with b7d082ee, not 12345678; it was removed. ${end}`,
  );
  folder.write('y', Buffer.from('x'));
  const below = path.join(folder.in('y'), 'z');
  expect(words(await rejectionOf(download(published, url, below)), below)).toMatch(
    /^FILE: cannot be written: E\w+: [\w ]+, mkdir/,
  );
});
