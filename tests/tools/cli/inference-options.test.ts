import { Command } from 'commander';
import {
  addInferenceOptions,
  asksForInference,
  inferenceOptions,
  type GivenInference,
} from '../../../tools/cli/inference-options';
import { tellOfReducedTiles } from '../../../tools/detect/reduced-tiles';
import { paintDetector } from '../../datasets/inference/paint-detector';

function parse(...args: string[]): GivenInference {
  const command = addInferenceOptions(
    new Command().exitOverride().configureOutput({ writeErr: () => undefined }),
  );
  return command.parse(args, { from: 'user' }).opts();
}

test('options come to what the library takes', () => {
  expect(inferenceOptions(parse())).toEqual({});
  expect(asksForInference(parse())).toBe(false);
  const given = parse(
    '--tile',
    '800',
    '--flip',
    '--scales',
    '0.5, 1,2',
    '--batch',
    '4',
    '--max-pixels',
    '200000000',
  );
  expect(asksForInference(given)).toBe(true);
  expect(inferenceOptions(given)).toEqual({
    tiles: { size: 800, overlap: 0.2 },
    flip: true,
    scales: [0.5, 1, 2],
    batchSize: 4,
    maxPixels: 200_000_000,
  });
  expect(inferenceOptions(parse('--tile', '64', '--overlap', '0')).tiles).toEqual({ size: 64, overlap: 0 });
});

test.each([
  ['--tile', '31'],
  ['--overlap', '0.95'],
  ['--overlap', ''],
  ['--scales', '1,,2'],
  ['--scales', '0'],
  ['--scales', '9'],
  ['--batch', '0'],
  ['--max-pixels', '1e400'],
])('%s %p is refused', (option, value) => {
  expect(() => parse(option, value)).toThrow(/has to be|have to be/);
});

test('an overlap without tiles is refused', () => {
  expect(() => inferenceOptions(parse('--overlap', '0.3'))).toThrow(/--tile/);
});

test('tiles that the detector reduces are told, others are not', () => {
  const written: string[] = [];
  const spy = jest
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => written.push(String(text)) > 0);
  for (const size of [64, 100, 320]) {
    tellOfReducedTiles(paintDetector(100), { tiles: { size, overlap: 0.2 } });
  }
  tellOfReducedTiles(paintDetector(100), {});
  spy.mockRestore();
  expect(written).toHaveLength(1);
  expect(written[0]).toContain('tiles of 320 pixels are reduced to 100');
});
