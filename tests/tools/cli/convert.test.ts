import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { main, runCommand } from '../../../tools/cli/main';
import { PickleWriter } from '../../../weights/formats/pickle/pickle-writer';
import { writePytorch } from '../../../weights/formats/pytorch/pytorch-writer';
import { readWeights } from '../../../weights/formats/read-weights';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { storedFloat32, storedInt64, toFloat32 } from '../../../weights/formats/stored-tensor';
import { plain, temporaryFolder } from '../../weights/formats/weight-files';

const folder = temporaryFolder();
const tensors = new Map([
  ['z.weight', storedFloat32([2, 1], Float32Array.of(0.1, -2))],
  ['a.num_batches_tracked', storedInt64([], [2 ** 40])],
]);
let stdout: string;
let stderr: string;

beforeEach(() => {
  stdout = '';
  stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => jest.restoreAllMocks());

const convert = (from: string, to: string): Promise<number> =>
  main(['convert', folder.in(from), folder.in(to)]);

test('there and back no bit is lost', async () => {
  writeSafetensors(folder.in('a.safetensors'), tensors, { format: 'pt', license: 'MIT' });
  expect(await convert('a.safetensors', 'new/b.pth')).toBe(0);
  expect(stdout).toMatch(/b\.pth: 2 tensors, 2 kB\n$/);
  expect(stderr).toMatch(/a\.safetensors: left out, because they are not weights: metadata license\n$/);
  expect(await convert('new/b.pth', 'c.safetensors')).toBe(0);
  expect(plain(readSafetensors(folder.in('c.safetensors')).tensors)).toEqual(plain(tensors));
  expect(readSafetensors(folder.in('c.safetensors')).metadata).toEqual({ format: 'pt' });
  expect(await convert('c.safetensors', 'd.pth')).toBe(0);
  expect(readFileSync(folder.in('d.pth')).equals(readFileSync(folder.in('new/b.pth')))).toBe(true);
});

test('--float16 rounds filters and matrices, and nothing else', async () => {
  writeSafetensors(folder.in('a.safetensors'), tensors);
  expect(await main(['convert', '--float16', folder.in('a.safetensors'), folder.in('b.safetensors')])).toBe(
    0,
  );
  const read = readSafetensors(folder.in('b.safetensors')).tensors;
  expect(read.get('z.weight')!.type).toBe('F16');
  expect([...toFloat32(read.get('z.weight')!)]).toEqual([0.0999755859375, -2]);
  expect(read.get('a.num_batches_tracked')).toEqual(tensors.get('a.num_batches_tracked'));
});

test('weights of detectron2 keep their names, and it is told which models have them', async () => {
  const theirs = new Map([['backbone.bottom_up.stem.conv1.weight', storedFloat32([1], Float32Array.of(2))]]);
  writeSafetensors(folder.in('theirs.safetensors'), theirs);
  expect(await convert('theirs.safetensors', 'theirs.pth')).toBe(0);
  expect(stderr).toMatch(
    /theirs\.safetensors: names stay\. These are names of detectron2, .* end with _detectron2/,
  );
  expect(plain(readWeights(folder.in('theirs.pth')).tensors)).toEqual(plain(theirs));
});

test('what was written is told, through a link to a device too', async () => {
  writeSafetensors(folder.in('a.safetensors'), tensors);
  for (const name of ['null.pth', 'null.safetensors']) {
    symlinkSync('/dev/null', folder.in(name));
    expect(await convert('a.safetensors', name)).toBe(0);
  }
  expect(stdout).toMatch(/null\.pth: 2 tensors, 2 kB\n.*null\.safetensors: 2 tensors, \d{3} bytes\n$/);
});

test('versions of modules survive in safetensors', async () => {
  const versions = JSON.stringify({ '': { version: 1 } });
  writePytorch(folder.in('a.pth'), tensors, { _metadata: versions });
  expect(await convert('a.pth', 'b.safetensors')).toBe(0);
  expect(await convert('b.safetensors', 'c.pth')).toBe(0);
  expect(readFileSync(folder.in('c.pth')).equals(readFileSync(folder.in('a.pth')))).toBe(true);
  expect(stderr).toBe('');
});

test('a checkpoint’s folder stands for its model file', async () => {
  mkdirSync(folder.in('best'));
  writeSafetensors(folder.in('best/model.safetensors'), tensors);
  expect(await convert('best', 'b.pth')).toBe(0);
  expect(plain(readWeights(folder.in('b.pth')).tensors)).toEqual(plain(tensors));
});

test('what cannot be used is refused, and nothing is written', async () => {
  writeSafetensors(folder.in('a.safetensors'), tensors);
  writeSafetensors(folder.in('nan.safetensors'), new Map([['w', storedFloat32([1], Float32Array.of(NaN))]]));
  writePytorch(folder.in('odd.pth'), new Map([['__metadata__', storedFloat32([], Float32Array.of(1))]]));
  const marker = folder.in('ran');
  const command = `touch ${marker}`;
  const evil = new PickleWriter()
    .global('posix', 'system')
    .operations('(')
    .text(command)
    .operations('tR')
    .finish();
  folder.write('evil.pkl', evil);
  mkdirSync(folder.in('folder.pth'));
  const before = readdirSync(folder.in('')).sort();
  for (const [from, to, refusal] of [
    ['missing.pth', 'b.pth', { file: folder.in('missing.pth') }],
    ['a.safetensors', 'b.onnx', { code: 'output-extension' }],
    ['a.safetensors', 'folder.pth', { code: 'output-is-folder' }],
    ['a.safetensors', 'a.safetensors/b.pth', { code: 'output-below-file' }],
    ['a.safetensors', 'a.safetensors', { code: 'overwrites-input' }],
    ['nan.safetensors', 'b.pth', { file: folder.in('nan.safetensors'), entry: 'w' }],
    ['odd.pth', 'b.safetensors', { entry: '__metadata__' }],
    ['evil.pkl', 'b.pth', { file: folder.in('evil.pkl') }],
  ] as const) {
    await expect(runCommand(['convert', folder.in(from), folder.in(to)])).rejects.toMatchObject(refusal);
  }
  expect(stdout).toBe('');
  expect(existsSync(marker)).toBe(false);
  expect(readdirSync(folder.in('')).sort()).toEqual(before);
});
