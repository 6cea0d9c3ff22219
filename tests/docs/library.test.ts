import { existsSync } from 'node:fs';
import sharp from 'sharp';
import { loadBackend } from '../../detection/backend/node';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import { readWeights } from '../../weights/formats/read-weights';
import { commandsOf, programsOf, readDocument, UsersProject } from './programs';

// The programs run as users run them: compiled, in processes of their own, with the package as `npm run build` has left it.
const document = readDocument('library.md');
const programs = programsOf(document);
const commands = commandsOf(document);
const project = new UsersProject(programs);
const ran = new Set<string>();

beforeAll(async () => {
  await loadBackend();
  const disc =
    '<svg width="160" height="120"><rect width="100%" height="100%" fill="#456"/><circle cx="80" cy="60" r="36" fill="gold"/></svg>';
  await sharp(Buffer.from(disc)).jpeg().toFile(project.at('photo.jpg'));
});
afterAll(() => project.remove());

/** What a command of the document prints. */
function command(pattern: RegExp): string {
  const [line, ...others] = commands.filter((text) => pattern.test(text));
  if (line === undefined || others.length > 0)
    throw new Error(`${pattern.source}: not one command of the document`);
  ran.add(line);
  return project.command(line);
}

function run(name: string): string {
  ran.add(name);
  return project.run(name);
}

test('the programs compile strictly', () => {
  expect(project.compile()).toEqual([]);
});

test('train: examples, augmentation, hook, checkpoints, evaluation, saving', () => {
  const printed = command(/tsx train\.ts 40/).split('\n');
  expect(printed[0]).toBe('from iteration 0, lowest loss Infinity');
  expect(printed[1]).toMatch(/^to iteration 40, lowest loss \d\.\d+$/);
  expect(printed[2]).toMatch(/^AP50 [01]\.\d{3}$/);
  expect(readCheckpointState(project.at('runs/shapes/last'))).toMatchObject({
    iteration: 40,
    hooks: { 'lowest-loss': Number(printed[1].split(' ').at(-1)) },
  });
  expect(existsSync(project.at('shapes.safetensors'))).toBe(true);
});

test('resume', () => {
  const before = readCheckpointState(project.at('runs/shapes/last')).hooks['lowest-loss'];
  const printed = command(/tsx train\.ts 60/).split('\n');
  expect(printed[0]).toBe(`from iteration 40, lowest loss ${JSON.stringify(before)}`);
  expect(printed[1]).toMatch(/^to iteration 60, lowest loss /);
  expect(Number(printed[2].split(' ')[1])).toBeGreaterThan(0.5);
});

test('detect', () => {
  const [same, ...found] = run('detect.ts').trim().split('\n');
  expect(same).toBe('true');
  expect(found).toContainEqual(expect.stringMatching(/^disc 0\.\d\d( \d+){4}$/));
});

test.each(['backbone.ts', 'head.ts'])('a part of one’s own: %s', (name) => {
  expect(run(name)).toMatch(
    /loss_objectness: [\d.]+,\s+loss_rpn_box_reg: [\d.e-]+,\s+loss_classifier: [\d.]+,\s+loss_box_reg: [\d.e-]+/,
  );
});

test('a model in a file', () => {
  command(/rcnn synthesize/);
  command(/rcnn train --model \.\/thin\.js/);
  expect(readCheckpointState(project.at('runs/thin/last')).metadata).toMatchObject({
    model: 'fasterrcnn_thin',
  });
  expect(command(/rcnn evaluate --model \.\/thin\.js/)).toContain('Average Precision');
});

test('a model of one’s own', () => {
  expect(run('line.ts')).toMatch(
    /loss_fit: [\d.e-]+, loss_slope: 0\.00\d+ \}\nslope 3\.0 intercept -1\.0\n$/,
  );
});

test('detections of one’s own', () => {
  expect(run('evaluate.ts')).toContain('AP50');
});

test('worker threads', () => {
  const lines = run('threads.ts').trim().split('\n');
  expect(lines).toHaveLength(6);
  expect(new Set(lines).size).toBe(1);
  expect(lines[0]).toMatch(/^photo\.jpg: best score 0\.\d+$/);
});

test('PyTorch', () => {
  expect(run('save.ts')).toBe('[ 3, 128 ]\n');
  const names = [...readWeights(project.at('shapes.pth')).tensors.keys()];
  expect(names).toContain('backbone.body.layer1.0.bn1.num_batches_tracked');
});

test('each program and each command has been run', () => {
  const imported = ['shapes.ts', 'steps.ts', 'fade.js', 'thin.js', 'detector.js', 'train.ts'];
  expect([...programs.keys()].filter((name) => !ran.has(name)).sort()).toEqual(imported.sort());
  expect(commands.filter((line) => !ran.has(line))).toEqual([
    expect.stringContaining('npm install ./faster-rcnn-'),
  ]);
});
