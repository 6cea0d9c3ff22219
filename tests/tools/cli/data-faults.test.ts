import { existsSync, readdirSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { main } from '../../../tools/cli/main';
import { watchedWorkers } from '../../datasets/loader/watched-workers';
import { until } from '../../until';
import { metricsOf, Workplace } from './workplace';

jest.mock('node:worker_threads', () =>
  jest
    .requireActual<typeof import('../../datasets/loader/watched-workers')>(
      '../../datasets/loader/watched-workers',
    )
    .watchWorkers(),
);

const workplace = new Workplace();
/** Goes on as long as a test wants. */
const long = ['--iterations', '1000', '--set', 'schedule.milestones=[500]'];

async function copyOfPictures(name: string): Promise<string> {
  const folder = workplace.at(name);
  await cp(path.join(workplace.scenes, 'images'), folder, { recursive: true });
  return folder;
}

/** Iteration of the last checkpoint. */
function lastSaved(output: string): number {
  return Number(path.basename(realpathSync(path.join(output, 'last'))));
}

interface Record {
  readonly file: string;
  readonly brokenDuringRun: readonly { kind: string; imageId: number; reason: string }[];
}

function leftOut(output: string): Record[] {
  return JSON.parse(readFileSync(path.join(output, 'left-out.json'), 'utf8')) as Record[];
}

test('a picture that breaks ends the run, saved and reported; it can go on without', async () => {
  const [output, pictures] = [workplace.at('stopped'), await copyOfPictures('breaking')];
  const { numTensors } = tf.memory();
  const running = workplace.train(output, '--train-images', pictures, ...long);
  await until(() => existsSync(path.join(output, 'last')));
  // Of another size, which no second look would change: nothing is waited for.
  const other = { create: { width: 9, height: 9, channels: 3, background: 'red' } } as const;
  await sharp(other).toFile(path.join(pictures, 'other.jpg'));
  renameSync(path.join(pictures, 'other.jpg'), path.join(pictures, '000002.jpg'));
  expect(await running).toBe(2);
  expect(tf.memory().numTensors).toBe(numTensors);

  const done = metricsOf(output).at(-1)!.iteration;
  expect(workplace.stderr).toMatch(
    new RegExp(
      `/000002\\.jpg: the picture has 9x9 .* \\(image id 2\\)\\.\nStopped after iteration ${done}; saved in .*\\. ` +
        'When this is fixed, resume with: rcnn train .* --resume\n' +
        'To resume without unreadable pictures: rcnn train .* --resume --set data.onBrokenPicture=skip\n$',
    ),
  );
  expect(lastSaved(output)).toBe(done);
  expect(readFileSync(path.join(output, 'report.html'), 'utf8')).toContain(`stopped after ${done} of 1000`);
  expect(readdirSync(output).filter((name) => /lock|partial|left-out/.test(name))).toEqual([]);

  const goOn = ['train', '--output', output, '--resume', '--iterations', String(done + 3)];
  expect(await main(goOn)).toBe(2);
  expect(workplace.stderr).toContain('000002.jpg: the picture has 9x9');
  expect(await main([...goOn, '--set', 'data.onBrokenPicture=skip'])).toBe(0);
  expect(workplace.stderr.match(/\nskipped: .*000002\.jpg: the picture has 9x9 .*\n/g)).toHaveLength(1);
  expect(metricsOf(output).at(-1)!.iteration).toBe(done + 3);
  const [record] = leftOut(output);
  const reason = expect.stringMatching(/000002\.jpg: the picture has 9x9 .* \(image id 2\)$/) as string;
  expect(record).toEqual({
    file: path.join(workplace.scenes, 'train.json'),
    images: 0,
    annotations: 0,
    leftOut: [],
    brokenDuringRun: [{ kind: 'picture size', imageId: 2, reason }],
  });
});

test('a run whose first pictures break leaves nothing, and does not say that it can go on', async () => {
  const [output, pictures] = [workplace.at('never'), await copyOfPictures('soon gone')];
  const running = workplace.train(output, '--train-images', pictures, ...long);
  await until(() => existsSync(path.join(output, 'config.yaml')));
  renameSync(pictures, workplace.at('gone'));
  expect(await running).toBe(2);
  expect(workplace.stderr).toMatch(
    /there is no such file \(image id \d+\)\. Nothing has been trained yet\.?\n$/,
  );
  expect(existsSync(output)).toBe(false);
});

test('an evaluation goes on without a picture that breaks, or ends the run; dead workers are replaced', async () => {
  const pictures = await copyOfPictures('vanishing');
  const annotations = path.join(workplace.scenes, 'val.json');
  const { images } = JSON.parse(readFileSync(annotations, 'utf8')) as { images: { file_name: string }[] };
  const [picture, elsewhere] = [images[1].file_name, 'elsewhere.jpg'].map((name) =>
    path.join(pictures, name),
  );
  const val = ['--val-annotations', annotations, '--val-images', pictures, '--set', 'evaluateEvery=2'];
  const runWithout = async (output: string, ...more: string[]): Promise<number> => {
    watchedWorkers.started = [];
    const running = workplace.train(output, ...val, '--iterations', '4', ...more);
    await until(() => existsSync(path.join(output, 'metrics.jsonl')));
    // The only one so far: that of the pictures to train on.
    await watchedWorkers.started[0].terminate();
    renameSync(picture, elsewhere);
    const status = await running;
    renameSync(elsewhere, picture);
    return status;
  };

  const skipped = workplace.at('skipped');
  expect(await runWithout(skipped, '--set', 'data.onBrokenPicture=skip')).toBe(0);
  expect(workplace.stderr).toMatch(/\nskipped: .*: there is no such file \(image id \d+\)\n/);
  expect(workplace.stderr).toMatch(/^a worker thread has died and was replaced: exit status [01], at image/m);
  expect(metricsOf(skipped).flatMap((row) => ('worker_deaths' in row ? [row.worker_deaths] : []))).toEqual([
    1,
  ]);
  const [train, ofVal] = leftOut(skipped);
  expect(train.brokenDuringRun).toEqual([]);
  expect(ofVal).toMatchObject({ file: annotations, brokenDuringRun: [{ kind: 'missing picture' }] });
  const report = readFileSync(path.join(skipped, 'report.html'), 'utf8');
  expect(report).toContain('4 training images, 1 validation image,');

  const stopped = workplace.at('ended');
  expect(await runWithout(stopped)).toBe(2);
  expect(workplace.stderr).toMatch(/no such file \(image id \d+\)\.\nStopped after iteration [24]; saved in/);
  expect(lastSaved(stopped)).toBe(metricsOf(stopped).at(-1)!.iteration);
  expect(existsSync(path.join(stopped, 'left-out.json'))).toBe(false);
});
