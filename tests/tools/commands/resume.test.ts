import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { main } from '../../../tools/cli';
import { readSafetensors } from '../../../weights/safetensors';
import { metricsOf, Workplace } from './workplace';

const workplace = new Workplace();

test('a resumed run has the losses of one that was never stopped', async () => {
  const [whole, resumed] = [workplace.at('whole'), workplace.at('resumed')];
  const steady = ['--set', 'schedule.milestones=[2]', '--set', 'schedule.warmupIterations=1'];
  expect(await workplace.train(whole, '--iterations', '3', ...steady)).toBe(0);
  expect(await workplace.train(resumed, '--iterations', '2', ...steady)).toBe(0);
  expect(await main(['train', '--output', resumed, '--resume', '--iterations', '3'])).toBe(0);
  const losses = (output: string): number[] => metricsOf(output).map(({ total_loss }) => total_loss);
  expect(losses(resumed)).toEqual(losses(whole));
  const [a, b] = [whole, resumed].map(
    (run) => readSafetensors(path.join(run, 'last', 'model.safetensors')).tensors,
  );
  for (const [name, { bytes }] of a) expect(Buffer.compare(bytes, b.get(name)!.bytes)).toBe(0);
});

test('a run that would not go on as it began is refused, and left as it is', async () => {
  const resumed = workplace.at('resumed');
  const metrics = metricsOf(resumed);
  expect(await main(['train', '--output', resumed, '--resume', '--set', 'seed=9'])).toBe(2);
  expect(workplace.stderr).toContain('this run has seed 0, not 9');
  const saved = readFileSync(path.join(resumed, 'config.yaml'), 'utf8');
  expect(await main(['train', '--output', resumed, '--resume', '--iterations', '2'])).toBe(2);
  expect(workplace.stderr).toContain('this run has done 3 iterations, more than the 2');

  const annotations = workplace.at('renamed.json');
  const truth = readFileSync(path.join(workplace.scenes, 'train.json'), 'utf8');
  writeFileSync(annotations, truth.replace('"name":"dog"', '"name":"wolf"'));
  const renamed = ['--train-annotations', annotations];
  expect(await main(['train', '--output', resumed, '--resume', ...renamed])).toBe(2);
  expect(workplace.stderr).toContain('renamed.json: its categories are not those');

  // As a copy that leaves out links has it.
  rmSync(path.join(resumed, 'last'));
  expect(await main(['train', '--output', resumed, '--resume'])).toBe(2);
  expect(workplace.stderr).toContain('leads to no checkpoint');
  expect(readFileSync(path.join(resumed, 'config.yaml'), 'utf8')).toBe(saved);
  expect(metricsOf(resumed)).toEqual(metrics);
});

test('Ctrl-C saves, says how to go on, and ends with status 130', async () => {
  const output = workplace.at('it is stopped');
  const running = workplace.train(output, '--iterations', '1000');
  while (!existsSync(path.join(output, 'checkpoints', '0000002')))
    await new Promise((r) => setTimeout(r, 20));
  process.emit('SIGINT');
  expect(await running).toBe(130);
  expect(workplace.stderr).toMatch(
    /Stopped after iteration \d+; saved in .* --output '.*it is stopped' --resume\n$/,
  );
  const last = Number(path.basename(realpathSync(path.join(output, 'last'))));
  expect(metricsOf(output).at(-1)!.iteration).toBe(last);
  expect(existsSync(path.join(output, 'report.html'))).toBe(false);
});

test('a run folder in use is refused, and so is a run that cannot be', async () => {
  const output = workplace.at('refused');
  const broken = workplace.at('broken');
  await cp(workplace.scenes, broken, { recursive: true });
  const picture = path.join(broken, 'images', '000002.jpg');
  writeFileSync(picture, readFileSync(picture).subarray(0, 1000));
  expect(await workplace.train(output, '--train-images', path.join(broken, 'images'))).toBe(2);
  expect(workplace.stderr).toContain('000002.jpg: the picture is damaged');
  expect(await workplace.train(output, '--set', 'optimizer.lr=1e12')).toBe(2);
  expect(workplace.stderr).toMatch(/training diverged in iteration \d: loss_objectness .*image ids/);
  expect(await workplace.train(output, '--weights', path.join(workplace.scenes, 'train.json'))).toBe(2);
  expect(existsSync(output)).toBe(false);

  writeFileSync(workplace.at('occupied'), '');
  expect(await workplace.train(workplace.at('occupied'))).toBe(2);
  expect(workplace.stderr).toContain('is a file; a folder is expected');
});
