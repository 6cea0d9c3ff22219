import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { modelDefinition, modelDefinitions } from '../../../detection/modeling/definitions';
import type { SettingValues } from '../../../detection/modeling/settings';
import { completeConfiguration } from '../../../tools/config/complete';
import { configurationSources } from '../../../tools/config/configuration-options';
import { loadConfiguration } from '../../../tools/config/load';
import { settingsOf } from '../../../tools/config/model-settings';
import { configurationYaml } from '../../../tools/config/yaml-text';

const FASTER = 'fasterrcnn_resnet18_fpn';
const RETINA = 'retinanet_resnet50_fpn';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'config-'))));
afterEach(() => rmSync(folder, { recursive: true }));

interface Given {
  readonly model?: string;
  readonly yaml?: string;
  readonly set?: readonly string[];
  readonly base?: Record<string, unknown>;
}

function load({ model, yaml, set, base }: Given) {
  const config = yaml === undefined ? undefined : path.join(folder, 'c.yaml');
  if (config !== undefined) writeFileSync(config, yaml!);
  const data = { trainAnnotations: 'a', trainImages: 'i' };
  return loadConfiguration({ ...configurationSources({ ...data, model, config, set }), base });
}

function settings(given: Given): SettingValues {
  const { model } = load(given);
  return settingsOf(modelDefinition(model.name), model);
}

function faults(given: Given): string[] {
  try {
    load(given);
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    expect(code).toBe('configuration');
    return message.replaceAll(`${folder}${path.sep}`, '').split('\n');
  }
  return [];
}

test.each(modelDefinitions)(
  'settings of $name: its own, and of other names than the other keys',
  (definition) => {
    const { name, settings: own } = definition;
    expect(settings({ model: name })).toEqual(own.values);
    expect(own.faults(own.values)).toEqual([]);
    const { model } = load({ model: name });
    expect(Object.keys(model)).toHaveLength(8 + Object.keys(own.schema).length);
    expect(model).toMatchObject({ name, minSize: null, weights: null });
  },
);

test('settings come from the file and from --set, and a configuration that states them all is the same', () => {
  const yaml = `
model:
  name: ${FASTER}
  anchors: { sizes: [[16], [32], [64], [128], [256]] }
  rpn:
    preNmsTopN: { train: 600 }
  roi: { scoreThreshold: 0.2, nmsThreshold: 0.4 }
`;
  const given = { yaml, set: ['model.roi.scoreThreshold=0.1', 'model.losses.roi.box=giou'] };
  const found = settings(given);
  expect(found).toMatchObject({
    anchors: { sizes: [[16], [32], [64], [128], [256]], aspectRatios: [0.5, 1, 2] },
    rpn: { preNmsTopN: { train: 600, test: 1000 }, nmsThreshold: 0.7 },
    roi: { scoreThreshold: 0.1, nmsThreshold: 0.4 },
    losses: { roi: { box: 'giou' }, rpn: { box: 'smooth_l1' } },
  });
  expect(settings({ yaml: configurationYaml(completeConfiguration(load(given))) })).toEqual(found);
});

test.each<[name: string, given: Given, faults: string[]]>([
  [
    'values',
    {
      yaml: `
model:
  name: ${FASTER}
  rpn:
    nmsThreshold: 2
    batchSizePerImage: 1.5
    bboxWeights: [1, 1, 1]
  losses: { roi: { box: gious } }
  anchors:
    aspectRatios: []
    sizes:
      - [32]
      - 64
`,
    },
    [
      'c.yaml:5:5: model.rpn.nmsThreshold: expected a number from 0 to 1, not 2',
      'c.yaml:6:5: model.rpn.batchSizePerImage: expected a whole number, 1 or more, not 1.5',
      'c.yaml:7:5: model.rpn.bboxWeights: expected a list: each a number above 0, 4 of them, not [1,1,1]',
      'c.yaml:8:20: model.losses.roi.box: expected one of l1, smooth_l1, giou, diou, ciou, not "gious"; did you mean giou?',
      'c.yaml:10:5: model.anchors.aspectRatios: expected a list: each a number above 0, at least 1 of them, not []',
      'c.yaml:13:9: model.anchors.sizes[1]: expected a list: each a number above 0, at least 1 of them, not 64',
    ],
  ],
  [
    'a list of lists',
    { model: FASTER, set: ['model.anchors.sizes=32'] },
    [
      '--set model.anchors.sizes=32: model.anchors.sizes: expected a list: each (a list: each a number above 0, at least 1 of them), at least 1 of them, not 32',
    ],
  ],
  [
    'sections',
    {
      model: FASTER,
      yaml: 'model: { roi: 3, rpn: [] }\n',
      set: ['model.anchors={}', 'model.losses.focal=1'],
    },
    [
      '--set model.anchors={}: model.anchors is a section; set its keys, as in --set model.anchors.sizes=...',
      '--set model.losses.focal=1: model.losses.focal is a section; set its keys, as in --set model.losses.focal.alpha=...',
      'c.yaml:1:10: model.roi: expected keys with values, not 3',
      'c.yaml:1:18: model.rpn: expected keys with values, not []',
    ],
  ],
  [
    'null',
    { model: FASTER, yaml: 'model: { roi: { nmsThreshold: null } }\n' },
    [
      'c.yaml:1:17: model.roi.nmsThreshold: expected a number from 0 to 1, not null; leave the key out for its default',
    ],
  ],
  [
    'keys that there are not',
    {
      model: FASTER,
      yaml: 'scoreThreshold: 1\nmodel:\n  rnp: {}\n  rpn: { nmsTreshold: 1 }\n',
      set: ['roi.scoreThreshold=1'],
    },
    [
      '--set roi.scoreThreshold=1: there is no key roi.scoreThreshold; did you mean model.roi.scoreThreshold?',
      'c.yaml:1:1: there is no key scoreThreshold; did you mean model.rpn.scoreThreshold or model.roi.scoreThreshold?',
      'c.yaml:3:3: there is no key model.rnp; did you mean model.rpn?',
      'c.yaml:4:10: there is no key model.rpn.nmsTreshold; did you mean model.rpn.nmsThreshold?',
    ],
  ],
  [
    'keys of other models',
    {
      model: RETINA,
      yaml: 'model:\n  rpn: { nmsThreshold: 0.5, scoreThreshold: 0.1 }\n  dense: { nmsThreshold: 0.4 }\n',
      set: ['model.roi.nmsThreshold=0.4', 'model.roi.minDetectionSize=4'],
    },
    [
      `--set model.roi.nmsThreshold=0.4: there is no key model.roi.nmsThreshold for ${RETINA}; did you mean model.dense.nmsThreshold?`,
      `--set model.roi.minDetectionSize=4: there is no key model.roi.minDetectionSize for ${RETINA}; rcnn config --model ${RETINA} shows its keys`,
      `c.yaml:2:3: there is no key model.rpn for ${RETINA}; rcnn config --model ${RETINA} shows its keys`,
    ],
  ],
  [
    'what does not go together',
    {
      model: FASTER,
      yaml: 'model:\n  rpn: { bgIouThreshold: 0.9 }\n  anchors:\n    sizes: [[1], [2]]\n',
    },
    [
      'c.yaml:2:10: model.rpn.bgIouThreshold: is 0.9, above rpn.fgIouThreshold, 0.7',
      'c.yaml:4:5: model.anchors.sizes: is of 2 levels, but the model has 5, of strides 4, 8, 16, 32, 64',
    ],
  ],
  [
    'what does not go together, by --set',
    { model: FASTER, set: ['model.roi.fgIouThreshold=0.3', 'model.roi.bgIouThreshold=0.4'] },
    ['--set model.roi.bgIouThreshold=0.4: model.roi.bgIouThreshold: is 0.4, above roi.fgIouThreshold, 0.3'],
  ],
])('what is wrong with settings is told as of other keys: %s', (_, given, expected) => {
  expect(faults(given).sort()).toEqual([...expected].sort());
});

test('a name that is no model’s is one fault, whatever its settings', () => {
  const yaml = `
model:
  name: fasterrcnn_resnet19_fpn
  rpn: { nmsThreshold: 0.5, fgIouThreshold: yes }
  dense: { nmsThreshold: 0.5 }
`;
  const set = ['model.roi.nmsThreshold=0.4', 'model.dense.topkCandidates=3'];
  expect(faults({ yaml, set })).toEqual([
    expect.stringMatching(
      /^c\.yaml:3:3: model\.name: expected one of .*, not "fasterrcnn_resnet19_fpn"; did you mean fasterrcnn_resnet18_fpn\?$/,
    ),
  ]);
  expect(faults({ set })).toEqual([expect.stringMatching(/^model\.name is missing/)]);
  // What no model has is told all the same, and a file that cannot be read may name the model.
  expect(faults({ set: ['model.rpn.nms=1'], yaml: 'model: [\n' })).toEqual([
    expect.stringMatching(/^--set model\.rpn\.nms=1: there is no key model\.rpn\.nms; did you mean /),
    expect.stringMatching(/^c\.yaml:\d+:\d+: Flow sequence/),
  ]);
  expect(faults({ set, yaml: 'model: [\n' })).toEqual([expect.stringMatching(/^c\.yaml:\d+:\d+: Flow seq/)]);
});

test('an empty section is none', () => {
  const yaml = 'model: { anchors: {}, rpn: { preNmsTopN: }, roi: null }\n';
  expect(settings({ model: FASTER, yaml })).toEqual(modelDefinition(FASTER).settings.values);
});

test('one section that stands for two by an alias is set by --set where it is said', () => {
  const yaml = 'model:\n  rpn: &same { fgIouThreshold: 0.6, bgIouThreshold: 0.2 }\n  roi: *same\n';
  const set = ['model.roi.fgIouThreshold=0.9'];
  expect(settings({ model: FASTER, yaml, set })).toMatchObject({
    rpn: { fgIouThreshold: 0.6, bgIouThreshold: 0.2 },
    roi: { fgIouThreshold: 0.9, bgIouThreshold: 0.2 },
  });
});

test('what one starts from with another model leaves the settings of that one behind', () => {
  const base = completeConfiguration(load({ model: FASTER, set: ['model.roi.nmsThreshold=0.4'] }));
  const before = structuredClone(base);
  expect(settings({ base, set: ['model.roi.scoreThreshold=0.1'] })).toMatchObject({
    roi: { nmsThreshold: 0.4, scoreThreshold: 0.1 },
  });
  expect(load({ base, model: RETINA }).model).toMatchObject({
    ...modelDefinition(RETINA).settings.values,
    minSize: base.model.minSize,
  });
  expect(faults({ base, model: 'retinanet' })).toHaveLength(1);
  expect(base).toEqual(before);
});
