import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { parseAssignment } from '../../../tools/config/assignments';
import { completeConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';

const options = { 'model.name': '--model', 'data.trainAnnotations': '--train-annotations' };
const required = [
  { key: 'model.name', value: 'fasterrcnn_resnet18_fpn', source: '--model' },
  { key: 'data.trainAnnotations', value: 'a.json', source: '--train-annotations' },
  { key: 'data.trainImages', value: 'images', source: '--train-images' },
];

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'config-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function load(yaml: string | undefined, sets: string[] = [], flags = required) {
  const file = yaml === undefined ? undefined : path.join(folder, 'c.yaml');
  if (file) writeFileSync(file, yaml!);
  return loadConfiguration({ file, assignments: [...flags, ...sets.map(parseAssignment)], options });
}

/** The message, with the folder of the file left out. */
function refusal(yaml: string | undefined, sets: string[] = [], flags = required): string {
  try {
    load(yaml, sets, flags);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message.replaceAll(`${folder}${path.sep}`, '');
  }
  throw new Error('was not refused');
}

test('defaults lie under the file, the file under the command line', () => {
  const configuration = load('optimizer: { lr: 0.5, momentum: 0.8 }\nseed: 7\n', ['optimizer.lr=0.25']);
  expect(configuration.optimizer).toEqual({ type: 'sgd', lr: 0.25, momentum: 0.8, weightDecay: null });
  expect(configuration).toMatchObject({ seed: 7, iterations: 1000, data: { batchSize: 2, flip: 0.5 } });
});

test('an empty file and a file of comments change nothing', () => {
  expect(load('')).toEqual(load(undefined));
  expect(load('# nothing\n')).toEqual(load(undefined));
});

test('values of --set have the types of YAML', () => {
  const configuration = load(undefined, [
    'schedule.milestones=[20, 30]',
    'clipGradientNorm=1e1',
    'model.weights=007x',
  ]);
  expect(configuration.schedule.milestones).toEqual([20, 30]);
  expect(configuration.clipGradientNorm).toBe(10);
  expect(configuration.model.weights).toBe('007x');
});

test.each([
  ['model:\n  minSiez: 3\n', 'c.yaml:2:3: there is no key model.minSiez; did you mean model.minSize?'],
  [
    'seed: 1\noptimizer:\n  type: adam\n',
    'c.yaml:3:3: optimizer.type: expected one of sgd, adamw; did you mean adamw?',
  ],
  ['data:\n  batchSize: two\n', 'c.yaml:2:3: data.batchSize: expected number, received string'],
  [
    'schedule:\n  milestones:\n    - 10\n    - x\n',
    'c.yaml:4:7: schedule.milestones: expected number, received string',
  ],
  ['iterations: 0\n', 'c.yaml:1:1: iterations: Too small: expected number to be >=1'],
  ['iterations: 1\niterations: 2\n', 'c.yaml:2:1: Map keys must be unique'],
  ['- a\n- b\n', 'c.yaml:1:1: expected keys with values, as in "seed: 1"'],
  ['seed: *nowhere\n', 'c.yaml: Unresolved alias (the anchor must be set before the alias): nowhere'],
  ['__proto__: { seed: 3 }\n', 'c.yaml:1:1: there is no key __proto__'],
])('a fault in the file is named with line and column: %j', (yaml, message) => {
  expect(refusal(yaml)).toBe(message);
});

test('broken YAML is named with line and column', () => {
  expect(refusal('seed: 1\ndata: { batchSize: 2\n')).toMatch(/^c\.yaml:\d+:\d+: Flow map/);
});

test('several faults are all named', () => {
  expect(refusal('sede: 1\niterations: many\n').split('\n')).toHaveLength(2);
});

test('a file that is not there', () => {
  const file = path.join(folder, 'none.yaml');
  expect(() => loadConfiguration({ file, assignments: required, options })).toThrow(
    /none\.yaml: cannot read/,
  );
});

test.each([
  ['model.minSiez=3', '--set model.minSiez=3: there is no key model.minSiez; did you mean model.minSize?'],
  ['model=3', '--set model=3: model is a section; set its keys, as in --set model.name=...'],
  ['seed', '--set seed: expected key=value, as in --set optimizer.lr=0.01'],
  ['seed=-1', '--set seed=-1: seed: Too small: expected number to be >=0'],
  [
    'model.norm=frosen',
    '--set model.norm=frosen: model.norm: expected one of frozen, batch, group; did you mean frozen?',
  ],
  [
    'model.weights="',
    '--set model.weights=": the value is no valid YAML; put text with special characters in quotes',
  ],
])('a fault in --set is named: %s', (text, message) => {
  expect(refusal(undefined, [text])).toBe(message);
});

test('a missing value is named with the option that gives it', () => {
  expect(refusal('seed: 3\n', [], [required[1], required[2]])).toBe(
    'model.name is missing: give --model, or model.name in the configuration file',
  );
});

test('derived values follow from the others', () => {
  const complete = completeConfiguration(load(undefined, ['data.batchSize=8', 'iterations=90000']));
  expect(complete.optimizer.lr).toBeCloseTo(0.01);
  expect(complete.schedule).toMatchObject({ warmupIterations: 1000, milestones: [60000, 80000] });
  expect(complete.model).toMatchObject({ minSize: 800, maxSize: 1333, trainableLayers: 5, norm: 'batch' });
  const pretrained = completeConfiguration(
    load(undefined, ['model.weights=w', 'model.minSize=400', 'optimizer.type=adamw']),
  );
  expect(pretrained.model).toMatchObject({ minSize: 400, maxSize: 667, trainableLayers: 3, norm: 'frozen' });
  expect(pretrained.optimizer.lr).toBe(1e-3);
});

test('what torchvision gives a model of its own, with weights and without', () => {
  const modelOf = (name: string, ...texts: string[]) =>
    completeConfiguration(load(undefined, [`model.name=${name}`, ...texts])).model;
  for (const [name, stages, norm] of [
    ['fasterrcnn_resnet50_fpn', 5, 'frozen'],
    ['fasterrcnn_resnet50_fpn_v2', 5, 'batch'],
    ['fasterrcnn_mobilenet_v3_large_fpn', 6, 'frozen'],
    ['fasterrcnn_mobilenet_v3_large_320_fpn', 6, 'frozen'],
  ] as const) {
    expect(modelOf(name)).toMatchObject({ norm: 'batch', trainableLayers: stages, normEpsilon: null });
    for (const weights of ['COCO_V1', 'IMAGENET1K_V1']) {
      expect(modelOf(name, `model.weights=${weights}`)).toMatchObject({ norm, trainableLayers: 3 });
    }
  }
  expect(() => modelOf('fasterrcnn_resnet50_fpn', 'model.trainableLayers=6')).toThrow(
    'model.trainableLayers is 6, but the backbone of fasterrcnn_resnet50_fpn has 5 stages',
  );
});
