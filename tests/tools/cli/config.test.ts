import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { modelDefinition, modelNames } from '../../../detection/modeling/definitions';
import { main } from '../../../tools/cli/main';
import { completeConfiguration } from '../../../tools/config/complete';
import { configurationKeys } from '../../../weights/settings/keys';
import { loadConfiguration } from '../../../tools/config/load';
import { trainingConfigurationSchema, type TrainingConfiguration } from '../../../tools/config/schema';

let folder: string;
let stdout: string;
let stderr: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'config-'));
  stdout = stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const data = { trainAnnotations: 'a.json', trainImages: 'images' };
const dataAssignments = Object.entries(data).map(([name, value]) => ({
  key: `data.${name}`,
  value,
  source: '--set',
}));

const schemaOf = (name: string) => trainingConfigurationSchema(modelDefinition(name));
const defaultsOf = (name: string): TrainingConfiguration => schemaOf(name).parse({ model: { name }, data });

/** The number of the line that has a key below its sections, each two spaces further in. */
function lineOf(lines: readonly string[], key: readonly string[]): number {
  return key.reduce(
    (above, name, depth) =>
      lines.findIndex((line, k) => k > above && line.startsWith(`${'  '.repeat(depth)}${name}:`)),
    -1,
  );
}

/** What `rcnn config` prints, and what training makes of it. */
async function printed(...argv: string[]): Promise<{ text: string; configuration: TrainingConfiguration }> {
  expect([await main(['config', ...argv]), stderr]).toEqual([0, '']);
  const file = path.join(folder, 'printed.yaml');
  writeFileSync(file, stdout);
  return {
    text: stdout,
    configuration: loadConfiguration({ file, assignments: dataAssignments, options: {} }),
  };
}

test.each(modelNames)('what is printed of %s is its default configuration, explained', async (name) => {
  const { text, configuration } = await printed('--model', name);
  const defaults = defaultsOf(name);
  expect(configuration).toEqual(defaults);
  expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  // What null comes to, of a key whose default differs from model to model.
  const { minSize } = completeConfiguration(defaults).model;
  expect(text).toContain(
    `  # shorter side after resizing, pixels; null: the model’s\n` +
      `  #   a whole number from 1 to 16384 or null; null is ${minSize}\n  minSize: null\n`,
  );
});

test('every key and every section has its comment above it', async () => {
  const { text } = await printed('--model', 'fasterrcnn_tiny_fpn');
  // Lines without their comments, which follow the key before.
  const lines = text.replaceAll(/\n *# +/g, ' ').split('\n');
  for (const { path: key, description } of configurationKeys(schemaOf('fasterrcnn_tiny_fpn'))) {
    const place = lineOf(lines, key.split('.'));
    expect([key, lines[place - 1]]).toEqual([key, expect.stringContaining(` ${description} `)]);
  }
  expect(text).toMatch(/\n\n# the detector\nmodel:\n {2}# which detector\n/);
  expect(text).toContain('  #   text; required\n  trainAnnotations: null\n');
  expect(text).toContain('  #   one of sgd, adamw\n  type: sgd\n');
  expect(text).toContain('  #   a number above 0 or null; null is 0.0025\n  lr: null\n');
});

test('a file is checked and printed whole, with options, and with nothing that a terminal must not get', async () => {
  const file = path.join(folder, 'c.yaml');
  writeFileSync(file, 'model: { name: fasterrcnn_tiny_fpn }\ndata: { trainImages: "a\\e[2J\\u202e: b" }\n');
  const { text, configuration } = await printed(
    '--config',
    file,
    '--iterations',
    '90',
    '--set',
    'data.batchSize=8',
  );
  const defaults = defaultsOf('fasterrcnn_tiny_fpn');
  expect(configuration).toEqual({ ...defaults, data: { ...defaults.data, batchSize: 8 }, iterations: 90 });
  expect(text).toContain('trainImages: "a\\e[2J\\u202e: b"\n');
  expect(text).toContain('null is [60,80]\n  milestones: null');

  const again = loadConfiguration({
    file: path.join(folder, 'printed.yaml'),
    assignments: [dataAssignments[0]],
    options: {},
  });
  expect(again.data.trainImages).toBe('a\u001b[2J\u202e: b');

  stdout = '';
  writeFileSync(file, 'model: { name: fasterrcnn_tiny_fpn }\nsede: 1\n');
  expect(await main(['config', '--config', file])).toBe(2);
  expect([stdout, stderr]).toEqual(['', `${file}:2:1: there is no key sede; did you mean seed?\n`]);
});
