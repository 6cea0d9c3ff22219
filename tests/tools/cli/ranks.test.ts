import { readFileSync } from 'node:fs';
import path from 'node:path';
import { main } from '../../../tools/cli/main';
import { rcnnProcess } from './killable-process';
import { metricsOf, Workplace } from './workplace';

const workplace = new Workplace('tiny');

const weightsOf = (output: string): string[] =>
  ['model', 'optimizer'].map((part) =>
    readFileSync(path.join(output, 'last', `${part}.safetensors`), 'base64'),
  );

test('two ranks are one that accumulates two batches, to the bit, also where the one goes on with what the two began', async () => {
  const [one, two] = ['one', 'two'].map((name) => workplace.at(name));
  const threads = "process.env.TF_NUM_INTRAOP_THREADS = '1'";
  const argv = workplace.trainArguments(two, '--ranks', '2', '--iterations', '2');
  const together = await rcnnProcess(argv, threads).ended;
  expect([together.status, together.stderr]).toEqual([
    0,
    expect.stringMatching(
      /^2 ranks on this machine, 1 thread each\nmemory: [^\n]+\n2\/2 {2}total_loss [^\n]+\n$/,
    ),
  ]);
  const alone = workplace.trainArguments(one, '--set', 'optimizer.accumulate=2', '--iterations', '2');
  expect((await rcnnProcess(alone, threads).ended).status).toBe(0);
  expect(weightsOf(two)).toEqual(weightsOf(one));
  const untimed = (output: string) =>
    metricsOf(output).map((row) => Object.entries(row).filter(([name]) => !/seconds|memory/.test(name)));
  expect(untimed(two)).toEqual(untimed(one));
  expect(metricsOf(two)[0]['exchange_seconds']).toBeGreaterThan(0);

  expect(await main(['train', '--output', two, '--resume', '--ranks', '3'])).toBe(2);
  expect(workplace.stderr).toContain(
    'an iteration of this run has 2 batches (ranks x optimizer.accumulate), which 3',
  );
  expect(await main(['train', '--output', two, '--resume', '--ranks', '1', '--iterations', '3'])).toBe(0);
  expect(readFileSync(path.join(two, 'config.yaml'), 'utf8')).toMatch(/accumulate: 2[^]*\nranks: 1\n/);
});

test('several machines need to be trusted', async () => {
  process.env['FASTER_RCNN_HOSTS'] = 'a,b';
  process.env['RANK'] = '1';
  try {
    expect(await workplace.train(workplace.at('refused'))).toBe(2);
    expect(workplace.stderr).toMatch(
      /^2 ranks on several machines: whoever can reach .* give --trust-network\n$/,
    );
    expect(await workplace.train(workplace.at('refused'), '--ranks', '3')).toBe(2);
    expect(workplace.stderr).toContain(
      '--ranks 3, but there are 2 ranks by the environment variable FASTER_RCNN_HOSTS',
    );
  } finally {
    delete process.env['FASTER_RCNN_HOSTS'];
    delete process.env['RANK'];
  }
});
