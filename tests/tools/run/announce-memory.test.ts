import { CocoDataset } from '../../../datasets/coco/annotations';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import { parseAssignment } from '../../../tools/config/assignments';
import { completeConfiguration, type CompleteConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';
import { announceMemory } from '../../../tools/run/announce-memory';
import { Printed } from '../cli/printed';

jest.unmock('../../../tools/run/announce-memory');

beforeAll(async () => {
  await loadBackend();
});

const printed = new Printed();
const images = [{ id: 1, fileName: '1.png', width: 90, height: 60 }];
const set = new CocoDataset('train.json', '.', images, [{ id: 1, name: 'thing' }], [], []);

function configurationWith(...assignments: readonly string[]): CompleteConfiguration {
  const needed = ['model.name=fasterrcnn_tiny_fpn', 'data.trainAnnotations=a.json', 'data.trainImages=i'];
  const sizes = ['model.minSize=60', 'model.maxSize=90', 'data.batchSize=1'];
  const parsed = [...needed, ...sizes, ...assignments].map(parseAssignment);
  return completeConfiguration(loadConfiguration({ assignments: parsed, options: {} }));
}

/** What is said of a training, and the bytes in it. */
function said(configuration: CompleteConfiguration, available = 64e9): { text: string; megabytes: number } {
  const resize = { kind: 'shorter-side', minSize: 60, maxSize: 90 } as const;
  const model = createDetector('fasterrcnn_tiny_fpn', { numClasses: 1, norm: 'batch', seed: 0 });
  const small = Object.create(model, { input: { value: { ...model.input, resize } } }) as typeof model;
  printed.clear();
  announceMemory({ model: small }, configuration, set, { resident: 200e6, available });
  model.dispose();
  const [, megabytes, unit] = /memory: about ([\d.]+) ([MG]B)/.exec(printed.stderr)!;
  return { text: printed.stderr, megabytes: Number(megabytes) * (unit === 'GB' ? 1000 : 1) };
}

test('says what a training will take, more with the state of AdamW and with a sum of gradients', () => {
  const sgd = said(configurationWith());
  expect(sgd.text).toMatch(/^memory: about \S+ [MG]B for a step of 1 image of 96x64\n$/);
  // Two copies more of 14 MB of weights.
  const others = said(configurationWith('optimizer.type=adamw', 'optimizer.accumulate=2'));
  expect(others.megabytes - sgd.megabytes).toBeGreaterThan(26);
  expect(others.megabytes - sgd.megabytes).toBeLessThan(30);
});

test('warns where there is less, and says what needs less', () => {
  const { text } = said(configurationWith(), 1e6);
  expect(text).toMatch(/warning: this process can have 201 MB; .* model\.minSize or data\.batchSize/);
});

test('a trial step that fails stops no training', () => {
  const model = createDetector('fasterrcnn_tiny_fpn', { numClasses: 1, norm: 'batch', seed: 0 });
  const failing = Object.create(model, {
    losses: {
      value: () => {
        throw new Error('no random pictures, please');
      },
    },
  }) as typeof model;
  announceMemory({ model: failing }, configurationWith(), set);
  expect(printed.stderr).toBe(
    'memory: not known beforehand: a trial step on random pictures failed: no random pictures, please\n',
  );
  model.dispose();
});
