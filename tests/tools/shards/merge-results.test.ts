import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createDetector } from '../../../detection/modeling/definitions';
import { main, runCommand } from '../../../tools/cli/main';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { rejectionOf } from '../../thrown';
import { Workplace } from '../cli/workplace';

const workplace = new Workplace('tiny');
const at = (name: string): string => workplace.at(name);
const text = (name: string): string => readFileSync(at(name), 'utf8');
let evaluation: string[];
let detection: string[];

beforeAll(() => {
  const annotations = path.join(workplace.scenes, 'train.json');
  const { categories } = JSON.parse(readFileSync(annotations, 'utf8')) as { categories: { name: string }[] };
  const model = createDetector('maskrcnn_tiny_fpn', {
    categories: categories.map(({ name }) => name),
    norm: 'batch',
    settings: { roi: { scoreThreshold: 0, nmsThreshold: 0.9 } },
  });
  saveDetector(model, at('tiny.safetensors'));
  model.dispose();
  const images = path.join(workplace.scenes, 'images');
  const detector = ['--weights', at('tiny.safetensors'), '--min-size', '64'];
  evaluation = ['evaluate', ...detector, '--annotations', annotations, '--images', images];
  detection = ['detect', ...detector, '--score-threshold', '0.05', images];
});

async function shares(command: string[], of: number, name: string): Promise<string[]> {
  const files = Array.from({ length: of }, (_, k) => at(`${name}-${k + 1}.json`));
  for (const [k, file] of files.entries()) {
    expect(await main([...command, '--shard', `${k + 1}/${of}`, '--json', file])).toBe(0);
  }
  return files;
}

test('shares of an evaluation come to what one process prints and writes; more of them than pictures, too', async () => {
  const { numTensors } = tf.memory();
  expect(await main([...evaluation, '--json', at('whole.json')])).toBe(0);
  const printed = workplace.stdout;
  expect(printed).toContain('\nmasks\n');
  const { stats } = JSON.parse(text('whole.json')) as { stats: number[] };
  expect(Math.max(...stats)).toBeGreaterThan(0);
  workplace.stdout = '';
  const files = await shares(evaluation, 5, 'part');
  expect(workplace.stdout).toBe('');
  expect(await main(['merge-results', '--json', at('merged.json'), ...files.reverse()])).toBe(0);
  expect(workplace.stdout).toBe(printed);
  expect(text('merged.json')).toBe(text('whole.json'));
  expect(tf.memory().numTensors).toBe(numTensors);

  const changed = at('changed.json');
  writeFileSync(changed, `${readFileSync(path.join(workplace.scenes, 'train.json'), 'utf8')} `);
  const foreign = runCommand(['merge-results', '--annotations', changed, ...files]);
  expect(await rejectionOf(foreign)).toMatchObject({ code: 'shard-foreign', facts: { file: changed } });
});

test('shares of pictures come to the file of one process, to the byte; broken ones are told', async () => {
  const broken = at('broken.png');
  writeFileSync(broken, 'no picture');
  await main([...detection, broken, '--json', at('found.json')]);
  const files = [1, 2].map((k) => at(`found-${k}.json`));
  // The last of seven pictures is in the first share.
  expect(await main([...detection, broken, '--shard', '1/2', '--json', files[0]])).toBe(2);
  expect(await main([...detection, broken, '--shard', '2/2', '--json', files[1]])).toBe(0);
  workplace.stderr = '';
  expect(await main(['merge-results', '--json', at('merged.json'), ...files])).toBe(0);
  expect(text('merged.json')).toBe(text('found.json'));
  expect(workplace.stderr).toBe('1 picture of 7 could not be read\n');
  expect(await main(['merge-results', '--json', at('merged.jsonl'), ...files])).toBe(0);
  expect(
    text('merged.jsonl')
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual(JSON.parse(text('found.json')));
});

test('a share that is missing, there twice, of another job, or none is refused, and nothing is written', async () => {
  const [first, second] = await shares(detection, 2, 'a');
  const [other] = await shares([...detection, '--flip'], 2, 'b');
  const third = at('a-1.json');
  const copy = at('copy.json');
  writeFileSync(copy, readFileSync(third));
  const cut = JSON.parse(readFileSync(second, 'utf8')) as { number: number };
  writeFileSync(at('lies.json'), JSON.stringify({ ...cut, number: 1 }));
  const cases: [string[], string, object][] = [
    [[second], 'shards-missing', { missing: [1], of: 2 }],
    [[first, second, copy], 'shard-twice', { file: copy, other: first, number: 1 }],
    [[other, second], 'shard-foreign', { file: second, other, differing: ['inference'] }],
    [[first, at('lies.json')], 'shard-invalid', { file: at('lies.json') }],
    [[first, path.join(workplace.scenes, 'train.json')], 'shard-invalid', {}],
  ];
  for (const [files, code, facts] of cases) {
    const refused = await rejectionOf(runCommand(['merge-results', '--json', at('none.json'), ...files]));
    expect(refused).toMatchObject({ code, facts });
  }
  expect(existsSync(at('none.json'))).toBe(false);
});

test.each([
  ['without a file', [], []],
  ['with a format', [], ['--format', 'csv', '--json', 'x.json']],
  ['for score thresholds', ['--thresholds', '--json', 'x.json'], []],
])('no share %s', async (_, ofEvaluation, ofDetection) => {
  const wanted = ofEvaluation.length > 0 ? [...evaluation, ...ofEvaluation] : [...detection, ...ofDetection];
  expect(await rejectionOf(runCommand([...wanted, '--shard', '1/2']))).toMatchObject({
    code: 'options-conflict',
  });
});

test.each(['0/2', '3/2', '1', '1/0', '-1/2', '1/2/3', ''])('%p is no share', async (shard) => {
  await expect(runCommand([...detection, '--shard', shard])).rejects.toThrow(/number of a share/);
});
