import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { main, runCommand } from '../../../tools/cli/main';
import { metricsOf, Workplace } from './workplace';

/** Detectors meet data sets by the names of categories, in all commands. */
const workplace = new Workplace();
const steady = ['schedule.milestones=[2]', 'schedule.warmupIterations=1', 'evaluateEvery=1'];
const settings = steady.flatMap((assignment) => ['--set', assignment]);

interface Found {
  readonly width: number;
  readonly height: number;
  readonly detections: readonly { readonly bbox: number[]; readonly category_id: number }[];
}

interface Coco {
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  readonly annotations: readonly { readonly category_id: number }[];
}

function readScenes(name: string): Coco {
  return JSON.parse(readFileSync(path.join(workplace.scenes, name), 'utf8')) as Coco;
}

/** The categories of a generated set under other ids, in another order, without those that have no object where `trims`. */
function reexport(name: string, { trims = false, rename = (each: string) => each } = {}): string {
  const set = readScenes(name);
  const used = new Set(set.annotations.map(({ category_id }) => category_id));
  const file = workplace.at(`other-${name}`);
  const contents = {
    ...set,
    categories: set.categories
      .filter(({ id }) => !trims || used.has(id))
      .map((each) => ({ id: 100 - 7 * each.id, name: rename(each.name) })),
    annotations: set.annotations.map((each) => ({ ...each, category_id: 100 - 7 * each.category_id })),
  };
  writeFileSync(file, JSON.stringify(contents));
  return file;
}

function val(annotations = path.join(workplace.scenes, 'val.json')): string[] {
  return ['--val-annotations', annotations, '--val-images', path.join(workplace.scenes, 'images')];
}

/** What an evaluation tells, without times: detections of categories without objects count in no average precision. */
function numbers(output: string): unknown {
  return metricsOf(output).map((row) => Object.entries(row).filter(([name]) => !/seconds|memory/.test(name)));
}

function perCategory(file: string): { category_id: number; name: string; AP: number }[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { perCategory: [] }).perCategory;
}

let run: string;
beforeAll(async () => {
  run = workplace.at('run');
  expect(await workplace.train(run, '--iterations', '2', ...settings, ...val())).toBe(0);
});

test('a validation set under other ids gives the same losses and scores, and a training set the same run', async () => {
  const { numTensors } = tf.memory();
  const output = workplace.at('other');
  const others = val(reexport('val.json', { trims: true }));
  expect(await workplace.train(output, '--iterations', '1', ...settings, ...others)).toBe(0);
  expect(workplace.stderr).toMatch(
    /other-val\.json: categories have other ids.*names decide: "cat" \(1 there, 93 here\)/,
  );
  const resume = ['train', '--output', output, '--resume', '--exact', '--iterations', '2'];
  expect(await main([...resume, '--train-annotations', reexport('train.json')])).toBe(0);
  expect(workplace.stderr).toMatch(/other-train\.json: categories have other ids/);
  expect(numbers(output)).toEqual(numbers(run));
  const modelOf = (folder: string) => readFileSync(path.join(folder, 'last', 'model.safetensors'), 'base64');
  expect(modelOf(output) === modelOf(run)).toBe(true);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('evaluate takes names, and answers in the ids of the data set', async () => {
  const evaluate = async (annotations: string): Promise<ReturnType<typeof perCategory>> => {
    const json = workplace.at('scores.json');
    const set = ['--annotations', annotations, '--images', path.join(workplace.scenes, 'images')];
    expect(await main(['evaluate', '--weights', path.join(run, 'last'), ...set, '--json', json])).toBe(0);
    return perCategory(json);
  };
  const expected = await evaluate(path.join(workplace.scenes, 'val.json'));
  const found = await evaluate(reexport('val.json'));
  expect(found.reverse()).toEqual(
    expected.map((scores) => ({ ...scores, category_id: 100 - 7 * scores.category_id })),
  );
  expect(Math.max(...found.map(({ AP }) => AP))).toBeGreaterThan(-1);

  workplace.stderr = '';
  await evaluate(reexport('val.json', { rename: (name) => (name === 'cat' ? 'Cat' : name) }));
  expect(workplace.stderr).toMatch(
    /the detector cannot find 1 of its 8 categories: "Cat" \(the detector has "cat", in another case\)/,
  );
  const strange = ['--annotations', reexport('val.json', { rename: (name) => `my ${name}` })];
  const images = ['--images', path.join(workplace.scenes, 'images')];
  await expect(
    runCommand(['evaluate', '--weights', path.join(run, 'last'), ...strange, ...images]),
  ).rejects.toMatchObject({ code: 'no-common-category' });
});

test('detections written for a data set count in it as those of the detector do', async () => {
  const images = path.join(workplace.scenes, 'images');
  const picture = path.join(images, '000001.jpg');
  const weights = ['--weights', path.join(run, 'last')];
  const [json, results] = [workplace.at('scores.json'), workplace.at('results.json')];
  const detect = (...more: string[]): Promise<number> =>
    main(['detect', ...weights, '--score-threshold', '0', ...more, picture]);
  expect(await detect('--json', json)).toBe(0);
  const [{ width, height, detections }] = JSON.parse(readFileSync(json, 'utf8')) as Found[];
  // The best is all that there is to find; the set has other ids.
  const set = {
    images: [{ id: 7, file_name: path.basename(picture), width, height }],
    categories: readScenes('val.json').categories.map((each) => ({ ...each, id: 100 - 7 * each.id })),
    annotations: [
      { id: 1, image_id: 7, category_id: 100 - 7 * detections[0].category_id, bbox: detections[0].bbox },
    ],
  };
  const annotations = workplace.at('best.json');
  writeFileSync(annotations, JSON.stringify(set));
  const evaluate = async (...what: string[]): Promise<{ stats: number[] }> => {
    expect(await main(['evaluate', '--annotations', annotations, ...what, '--json', json])).toBe(0);
    return JSON.parse(readFileSync(json, 'utf8')) as { stats: number[] };
  };
  const expected = await evaluate(...weights, '--images', images);
  expect(expected.stats[0]).toBeCloseTo(1);
  workplace.stderr = '';
  expect(await detect('--format', 'coco', '--annotations', annotations, '--results', results)).toBe(0);
  expect(workplace.stderr).toMatch(/best\.json: categories have other ids/);
  expect(await evaluate('--detections', results)).toEqual(expected);
});

test('a training takes over what its start weights have of its categories', async () => {
  const output = workplace.at('started');
  const annotations = reexport('train.json', { rename: (name) => (name === 'dog' ? 'wolf' : name) });
  const data = ['--train-annotations', annotations, '--weights', path.join(run, 'last')];
  const norm = ['--set', 'model.norm=batch', '--iterations', '1'];
  expect(await workplace.train(output, ...data, ...norm)).toBe(0);
  expect(workplace.stderr).toMatch(/predictor rows taken over by name: .*"cat"/);
  expect(workplace.stderr).toMatch(/predictor rows initialized at random: "wolf"\n/);
  expect(workplace.stderr).toMatch(/categories of the weights that the data set lacks: "dog"\n/);
});

test('check says how a set suits a detector', async () => {
  const check = async (annotations: string, ...more: string[]): Promise<string> => {
    const set = ['--annotations', annotations, '--images', path.join(workplace.scenes, 'images')];
    workplace.stdout = '';
    expect(await main(['check', ...set, '--weights', path.join(run, 'last'), ...more])).toBe(0);
    return workplace.stdout;
  };
  const file = reexport('val.json', { rename: (name) => (name === 'cat' ? 'Cat' : name) });
  const said = await check(file);
  expect(said).toContain('detector:   fasterrcnn_tiny_fpn, 8 categories\nin common:  7 categories\n');
  expect(said).toMatch(/note: .*cannot find 1 of its 8 categories: "Cat"/);
  expect(said).toMatch(/resized to: 64 pixels on the shorter side, 107 at most .*\nscale: +1\.00 to 1\.00/);
  const smaller = await check(file, '--min-size', '8');
  expect(smaller).toMatch(
    /scale: +0\.125 to 0\.125, .*\n.*\nnote: \d+ objects? (is|are) smaller than 8 pixels/,
  );
  const strange = reexport('val.json', { rename: (name) => `my ${name}` });
  const images = path.join(workplace.scenes, 'images');
  const checkStrange = ['check', '--annotations', strange, '--images', images];
  const weights = ['--weights', path.join(run, 'last')];
  const refused = { code: 'no-common-category' };
  await expect(runCommand([...checkStrange, ...weights])).rejects.toMatchObject(refused);
  const repaired = workplace.at('repaired.json');
  const repair = ['--repair', repaired];
  await expect(runCommand([...checkStrange, ...weights, ...repair])).rejects.toMatchObject(refused);
  expect(existsSync(repaired)).toBe(false);
  expect(await check(reexport('val.json'), ...repair)).toMatch(/in common: [^]*\nwritten: /);
  expect(existsSync(repaired)).toBe(true);
});

test('a file without metadata takes the size that is given, and says which it takes where none is', async () => {
  const file = workplace.at('bare.pth');
  expect(await main(['convert', path.join(run, 'last'), file])).toBe(0);
  expect(workplace.stderr).toMatch(/use it with --model fasterrcnn_tiny_fpn --min-size 64 --max-size 107\n/);
  const evaluate = async (weights: string, ...more: string[]): Promise<unknown> => {
    const json = workplace.at('scores.json');
    const set = ['--annotations', path.join(workplace.scenes, 'val.json'), '--json', json];
    const images = ['--images', path.join(workplace.scenes, 'images')];
    workplace.stderr = '';
    expect(await main(['evaluate', '--weights', weights, ...set, ...images, ...more])).toBe(0);
    return JSON.parse(readFileSync(json, 'utf8'));
  };
  const expected = await evaluate(path.join(run, 'last'));
  expect(workplace.stderr).not.toContain('does not say');
  const model = ['--model', 'fasterrcnn_tiny_fpn'];
  expect(await evaluate(file, ...model, '--min-size', '64', '--max-size', '107')).toEqual(expected);
  expect(workplace.stderr).not.toContain('does not say at which size');
  // Its categories have no names.
  expect(workplace.stderr).toMatch(/labels are taken: 1 for "cat"/);
  await evaluate(file, ...model);
  expect(workplace.stderr).toMatch(/bare\.pth: does not say at which size .* 320 pixels .* 533 .*--min-size/);
});
