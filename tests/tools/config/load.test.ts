import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { configurationSources } from '../../../tools/config/configuration-options';
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

function load(yaml: string | Buffer | undefined, sets: string[] = [], flags = required) {
  const file = yaml === undefined ? undefined : path.join(folder, 'c.yaml');
  if (file) writeFileSync(file, yaml!);
  const { assignments, faults } = configurationSources({ set: sets });
  return loadConfiguration({ file, assignments: [...flags, ...assignments], faults, options });
}

/** The message, with the folder of the file left out. */
function refusal(yaml: string | Buffer | undefined, sets: string[] = [], flags = required): string {
  return messageOf(() => load(yaml, sets, flags));
}

function messageOf(refused: () => unknown): string {
  try {
    refused();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { code, facts, message } = error as InputError;
    expect({ code, facts }).toEqual({ code: 'configuration', facts: { faults: message.split('\n') } });
    return message.replaceAll(`${folder}${path.sep}`, '');
  }
  throw new Error('was not refused');
}

test('defaults lie under the file, the file under the command line', () => {
  const configuration = load('optimizer: { lr: 0.5, momentum: 0.8 }\nseed: 7\n', ['optimizer.lr=0.25']);
  expect(configuration.optimizer).toMatchObject({ type: 'sgd', lr: 0.25, momentum: 0.8, weightDecay: null });
  expect(configuration).toMatchObject({ seed: 7, iterations: null, data: { batchSize: 2, flip: 0.5 } });
});

test('what a list of groups holds is checked key by key, and named', () => {
  const groups = ['optimizer.groups=[{match: backbone, weightDecay: 0}]'];
  expect(load(undefined, groups).optimizer.groups).toEqual([
    { match: 'backbone', learningRateFactor: 1, weightDecay: 0 },
  ]);
  expect(refusal('optimizer:\n  groups:\n    - { learningRateFactor: 0 }\n').split('\n')).toEqual([
    'c.yaml:3:7: optimizer.groups[0].match: is missing',
    expect.stringMatching(
      /^c\.yaml:3:\d+: optimizer\.groups\[0\]\.learningRateFactor: expected a number above 0/,
    ),
  ]);
  const set = 'optimizer.groups=[{match: backbone, weightdecay: 0}]';
  expect(refusal(undefined, [set])).toBe(
    `--set ${set}: there is no key optimizer.groups[0].weightdecay; did you mean weightDecay?`,
  );
});

test('an empty list is told what it lacks', () => {
  const set = 'data.trainMinSizes=[]';
  expect(refusal(undefined, [set])).toBe(
    `--set ${set}: data.trainMinSizes: expected a list: each a whole number from 1 to 16384, at least 1 of them, or null, not []`,
  );
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
  ['optimiser: { lr: 1 }\n', 'c.yaml:1:1: there is no key optimiser; did you mean optimizer?'],
  ['# note\nlr: 1\n', 'c.yaml:2:1: there is no key lr; did you mean optimizer.lr?'],
  ['data.batchSize: 3\n', 'c.yaml:1:1: write batchSize below data:, as a key of its own'],
  ['__proto__: { seed: 3 }\n', 'c.yaml:1:1: there is no key __proto__'],
  ['"": 3\n', 'c.yaml:1:1: there is no key ""'],
  [
    'seed: 1\noptimizer:\n  type: adam\n',
    'c.yaml:3:3: optimizer.type: expected one of sgd, adamw, not "adam"; did you mean adamw?',
  ],
  [
    'data:\n  batchSize: two\n',
    'c.yaml:2:3: data.batchSize: expected a whole number from 1 to 4096, not "two"',
  ],
  ['iterations: 0\n', 'c.yaml:1:1: iterations: expected a whole number, 1 or more, or null, not 0'],
  ['checkpointEvery: 1.5\n', 'c.yaml:1:1: checkpointEvery: expected a whole number, 1 or more, not 1.5'],
  [
    'checkpointEvery:\n',
    'c.yaml:1:1: checkpointEvery: expected a whole number, 1 or more, not null; leave the key out for its default',
  ],
  ['optimizer: { lr: .nan }\n', 'c.yaml:1:14: optimizer.lr: expected a number above 0 or null, not NaN'],
  ['optimizer: { lr: .inf }\n', 'c.yaml:1:14: optimizer.lr: expected a number above 0 or null, not Infinity'],
  [
    'optimizer: { momentum: 1 }\n',
    'c.yaml:1:14: optimizer.momentum: expected a number, 0 or more, below 1, not 1',
  ],
  ['data: { flip: yes }\n', 'c.yaml:1:9: data.flip: expected a number from 0 to 1, not "yes"'],
  ['data: { skipInvalid: 1 }\n', 'c.yaml:1:9: data.skipInvalid: expected true or false, not 1'],
  [
    'data: { valImages: 2024 }\n',
    'c.yaml:1:9: data.valImages: expected text or null, not 2024; put it in quotes',
  ],
  ['optimizer: 3\n', 'c.yaml:1:1: optimizer: expected keys with values, not 3'],
  ['optimizer:\n  - lr: 3\n', 'c.yaml:1:1: optimizer: expected keys with values, not [{"lr":3}]'],
  [
    'schedule:\n  milestones:\n    - 10\n    - x\n',
    'c.yaml:4:7: schedule.milestones[1]: expected a whole number, 1 or more, not "x"',
  ],
  [
    'schedule:\n  milestones: 10\n',
    'c.yaml:2:3: schedule.milestones: expected a list: each a whole number, 1 or more, or null, not 10',
  ],
  [
    'seed: { a: 1 }\n',
    'c.yaml:1:1: seed: expected a whole number from 0 to 2147483647, not keys with values',
  ],
  ['iterations: 1\niterations: 2\n', 'c.yaml:2:1: this key occurs twice; remove one of them'],
  ['data:\n\tflip: 0\n', 'c.yaml:2:1: a tab; indent with spaces'],
  ['seed: 1\n---\nseed: 2\n', 'c.yaml:2:1: a second document; a configuration has only one'],
  ['? [a]\n: 3\n', 'c.yaml:1:3: this is not a key: a key is a word'],
  ['- a\n- b\n', 'c.yaml:1:1: expected keys with values, as in "seed: 1"'],
  ['seed 1\n', 'c.yaml:1:1: expected keys with values, as in "seed: 1"'],
  ['seed: 1\niterations: *nowhere\n', 'c.yaml:2:13: *nowhere has no anchor &nowhere before it'],
  ['seed: &x [*x]\n', 'c.yaml:1:11: *x is inside its own anchor &x'],
  ['seed: 1\ndata: &d\n  flip: [{ a: *d }]\n', 'c.yaml:3:15: *d is inside its own anchor &d'],
  [
    'seed: !mine 1\n',
    'c.yaml:1:7: this tag is not supported; remove it, and put text that begins with ! in quotes',
  ],
  [Buffer.of(0xff, 0xfe, 0x73, 0), 'c.yaml: this is not a configuration: it is not text in UTF-8'],
  ['#'.repeat(2 ** 20 + 1), 'c.yaml: this is not a configuration: it is larger than 1 MiB'],
])('a fault in the file is named with its place, and what to do: %j', (yaml, message) => {
  expect(refusal(yaml)).toBe(message);
});

test('a file that is made to exhaust the parser is refused', () => {
  expect(refusal(`seed: ${'['.repeat(100_000)}`)).toMatch(/^c\.yaml:1:\d+: brackets are nested too deeply$/);
  const many = (name: string): string => Array(10).fill(`*${name}`).join(', ');
  const bomb = `a: &a [x]\nb: &b [${many('a')}]\nc: &c [${many('b')}]\nd: [${many('c')}]\n`;
  expect(refusal(bomb)).toBe(
    'c.yaml: this is not a configuration: its aliases (*name) stand for too many values',
  );
});

test('an empty section, a required key without a value yet, aliases and Windows line ends are fine', () => {
  expect(load('optimizer:\ndata:\n  trainImages: null\n')).toEqual(load(undefined));
  const aliased = load('\ufeffoptimizer: { lr: &rate 0.5 }\r\nclipGradientNorm: *rate\r\n');
  expect([aliased.optimizer.lr, aliased.clipGradientNorm]).toEqual([0.5, 0.5]);
});

test('broken YAML is named with line and column', () => {
  expect(refusal('seed: 1\ndata: { batchSize: 2\n')).toMatch(/^c\.yaml:\d+:\d+: Flow map/);
});

test('several faults are named in the order of the file, twenty at most', () => {
  const yaml = 'sede: 1\noptimizer: { lrr: 1, type: addam }\nmodel: { minSize: -1 }\nkeepCheckpoints: many\n';
  expect(refusal(yaml, ['seed=x']).split('\n')).toEqual([
    '--set seed=x: seed: expected a whole number from 0 to 2147483647, not "x"',
    'c.yaml:1:1: there is no key sede; did you mean seed?',
    'c.yaml:2:14: there is no key optimizer.lrr; did you mean optimizer.lr?',
    'c.yaml:2:22: optimizer.type: expected one of sgd, adamw, not "addam"; did you mean adamw?',
    'c.yaml:3:10: model.minSize: expected a whole number from 1 to 16384 or null, not -1',
    'c.yaml:4:1: keepCheckpoints: expected a whole number, 1 or more, not "many"',
  ]);
  const lines = refusal(Array.from({ length: 50 }, (_, k) => `k${k}: 1\n`).join('')).split('\n');
  expect([lines.length, lines[20]]).toEqual([21, 'and 30 more']);
});

test('values that do not go together are refused, all at once and each at its place', () => {
  const yaml =
    'earlyStopping:\n  patience: 3\nbestMetric: val/total_loss\nvalidationLoss: false\ndata: { valImages: v }\n';
  expect(refusal(yaml, ['data.valAnnotations=null']).split('\n')).toEqual([
    'c.yaml:2:3: earlyStopping.patience: it needs evaluations during the run: set evaluateEvery, too',
    'c.yaml:3:1: bestMetric: val/total_loss needs validation losses: set validationLoss to true',
    'c.yaml:5:9: data.valImages: --val-annotations and --val-images belong together: give both or neither',
  ]);
  expect(() =>
    load(yaml, ['evaluateEvery=5', 'validationLoss=true', 'data.valAnnotations=v.json']),
  ).not.toThrow();
  expect(refusal(undefined, ['data.valAnnotations=v.json'])).toMatch(/^--set data\.valAnnotations=v\.json: /);
});

test('a file that is not there', () => {
  const file = path.join(folder, 'none.yaml');
  expect(() => loadConfiguration({ file, assignments: required, options })).toThrow(
    /none\.yaml: there is no such configuration file$/,
  );
  const sources = { file: folder, assignments: required, options };
  expect(() => loadConfiguration(sources)).toThrow(/: is a folder; expected a configuration file$/);
});

test.each([
  ['model.minSiez=3', '--set model.minSiez=3: there is no key model.minSiez; did you mean model.minSize?'],
  ['model=3', '--set model=3: model is a section; set its keys, as in --set model.name=...'],
  ['seed', '--set seed: expected key=value, as in --set optimizer.lr=0.01'],
  ['=3', '--set =3: expected key=value, as in --set optimizer.lr=0.01'],
  ['lr=3', '--set lr=3: there is no key lr; did you mean optimizer.lr?'],
  ['seed=-1', '--set seed=-1: seed: expected a whole number from 0 to 2147483647, not -1'],
  [
    'schedule.milestones=[1, x]',
    '--set schedule.milestones=[1, x]: schedule.milestones[1]: expected a whole number, 1 or more, not "x"',
  ],
  [
    'data.trainImages=2024',
    '--set data.trainImages=2024: data.trainImages: expected text, not 2024; put it in quotes',
  ],
  [
    'model.norm=frosen',
    '--set model.norm=frosen: model.norm: expected one of frozen, batch, group, or null, not "frosen"; did you mean frozen?',
  ],
  [
    'seed=&x [*x]',
    '--set seed=&x [*x]: the value is not valid YAML; put text with special characters in quotes',
  ],
  [
    'model.weights="',
    '--set model.weights=": the value is not valid YAML; put text with special characters in quotes',
  ],
])('a fault in --set is named: %s', (text, message) => {
  expect(refusal(undefined, [text])).toBe(message);
});

test.each([
  ['model.minSize', 16384],
  ['model.maxSize', 16384],
  ['data.batchSize', 4096],
  ['data.workers', 256],
  ['optimizer.accumulate', 65536],
])('%s is at most %i', (key, most) => {
  expect(() => load(undefined, [`${key}=${most}`])).not.toThrow();
  expect(refusal(undefined, [`${key}=${most + 1}`])).toContain(
    `${key}: expected a whole number from 1 to ${most}`,
  );
});

test('of iterations and epochs the later one counts; both in one place are refused', () => {
  const lengthOf = (...given: Parameters<typeof load>) => {
    const { iterations, epochs } = load(...given);
    return [iterations, epochs];
  };
  expect(lengthOf(undefined)).toEqual([null, null]);
  expect(lengthOf('epochs: 2.5\n')).toEqual([null, 2.5]);
  expect(lengthOf('iterations: 5\n', ['epochs=2'])).toEqual([null, 2]);
  expect(lengthOf('epochs: 2\niterations: null\n', ['iterations=5'])).toEqual([5, null]);
  expect(lengthOf('iterations: 5\n', ['epochs=null'])).toEqual([5, null]);
  const resumed = { base: { ...load('iterations: 5\n') }, options };
  const more = configurationSources({ epochs: 3 }).assignments;
  expect(loadConfiguration({ ...resumed, assignments: more })).toMatchObject({ iterations: null, epochs: 3 });

  const both = 'iterations also sets the length of the training; remove one of them';
  expect(refusal('iterations: 5\nepochs: 2\n')).toBe(`c.yaml:2:1: epochs: ${both}`);
  expect(refusal(undefined, ['iterations=5', 'epochs=2'])).toBe(`--set epochs=2: epochs: ${both}`);
  expect(refusal('epochs: 0\n')).toBe(
    'c.yaml:1:1: epochs: expected a number above 0, at most 1000000, or null, not 0',
  );
});

test('an option and a --set that differ are refused; of two --set the last one counts', () => {
  const sources = configurationSources({ set: ['iterations=1', 'iterations=2'], model: 'm' });
  expect(sources.assignments.map(({ value }) => value)).toEqual([1, 2, 'm']);
  expect(configurationSources({ set: ['iterations=2'], iterations: 3 }).faults).toEqual([
    '--set iterations=2 and --iterations 3 give iterations two values; remove one of them',
  ]);
});

test.each([
  ['sede: 1\n', /^c\.yaml:1:1: there is no key sede; did you mean seed\?$/],
  ['seed: [\n', /^c\.yaml:\d+:\d+: Flow sequence/],
  ['- a\n', /^c\.yaml:1:1: expected keys with values/],
])('all faults of --set are told at once, and with those of the file: %j', (yaml, ofFile) => {
  const file = path.join(folder, 'c.yaml');
  writeFileSync(file, yaml);
  const set = ['seed', 'lr=1', 'model=3', 'iterations=0', 'data.flip=2'];
  const names = { model: 'fasterrcnn_tiny_fpn', trainAnnotations: 'a', trainImages: 'i', iterations: 5 };
  const sources = configurationSources({ ...names, config: file, set });
  expect(messageOf(() => loadConfiguration(sources)).split('\n')).toEqual([
    '--set seed: expected key=value, as in --set optimizer.lr=0.01',
    '--set iterations=0 and --iterations 5 give iterations two values; remove one of them',
    '--set lr=1: there is no key lr; did you mean optimizer.lr?',
    '--set model=3: model is a section; set its keys, as in --set model.name=...',
    '--set data.flip=2: data.flip: expected a number from 0 to 1, not 2',
    expect.stringMatching(ofFile),
  ]);
});

test('what a file that cannot be read may hold is not missed', () => {
  const sets = ['earlyStopping.patience=3', 'seed=x'];
  expect(refusal('model: [\n', sets, [])).toMatch(/^--set seed=x: .*\nc\.yaml:\d+:\d+: Flow sequence.*$/);
  expect(refusal('model: [\n', sets.slice(0, 1))).toMatch(/^c\.yaml:\d+:\d+: Flow sequence.*$/);
});

test('a missing value is named with the option that gives it', () => {
  expect(refusal('seed: 3\n', [], [required[1], required[2]])).toBe(
    'model.name is missing: give --model, or model.name in the configuration file',
  );
});
