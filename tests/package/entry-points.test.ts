import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as library from '../../detection';
import * as node from '../../detection/node';
import * as datasets from '../../datasets';
import * as evaluation from '../../datasets/evaluation';
import * as weights from '../../weights';

const root = path.resolve(__dirname, '..', '..');
interface Package {
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}
const { main, types, exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Package;

test('package.json exports the five entry points, each with its types, and nothing else', () => {
  expect(Object.keys(exports)).toEqual([
    '.',
    './node',
    './datasets',
    './weights',
    './evaluation',
    './package.json',
  ]);
  expect(exports['.']).toEqual({ types: `./${types}`, default: `./${main}` });
  for (const target of Object.values(exports)) {
    if (typeof target === 'string') continue;
    const source = target.default.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts');
    expect([source, existsSync(path.join(root, source))]).toEqual([source, true]);
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'));
  }
});

test('what users need of each is there', () => {
  const needed = {
    library: [
      'createDetector',
      'defineModel',
      'train',
      'withLoss',
      'Sgd',
      'AdamW',
      'warmupMultiStep',
      'EarlyStopping',
      'WeightAverage',
      'summary',
      'Module',
      'Conv2d',
      'kaimingNormalFanOut',
      'ResNet',
      'BackboneWithFpn',
      'RoiHeads',
      'FastRcnnStage',
      'InputError',
    ],
    node: ['loadNativeBackend', 'JsonLinesWriter', 'ProgressWriter', 'TensorBoardWriter', 'peakMemoryBytes'],
    datasets: ['TrainingLoader', 'EvaluationLoader', 'cocoExamples', 'readCocoDataset', 'decodeImage'],
    weights: ['loadWeights', 'loadDetector', 'CheckpointHook', 'resumeFrom', 'writePytorch'],
    evaluation: ['detectFile', 'detectSet', 'cocoResults', 'evaluateDetector', 'evaluateDetections'],
  };
  const missing = Object.entries({ library, node, datasets, weights, evaluation }).flatMap(([name, entry]) =>
    needed[name as keyof typeof needed].filter((wanted) => !(wanted in entry)),
  );
  expect(missing).toEqual([]);
});

test('helpers of the implementation are not exported', () => {
  const helpers = [
    ...[
      'linear',
      'median',
      'shortened',
      'withStorage',
      'addInto',
      'concatFreeing',
      'roiAlignGradient',
      'backward',
    ],
    ...['anchorsOfBatch', 'predictionsAt', 'recordOperation', 'runKernel', 'fillDetector', 'locateWeights'],
  ];
  const exported = [library, node, datasets, weights, evaluation].flatMap((entry) => Object.keys(entry));
  expect(helpers.filter((name) => exported.includes(name))).toEqual([]);
});

test('one name means one thing, wherever it is exported', () => {
  const seen = new Map<string, unknown>();
  for (const entry of [library, node, datasets, weights, evaluation]) {
    for (const [name, value] of Object.entries(entry)) {
      if (seen.has(name)) expect([name, value]).toEqual([name, seen.get(name)]);
      seen.set(name, value);
    }
  }
  expect(seen.size).toBeGreaterThan(200);
});
