import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main, runCommand } from '../../../tools/cli/main';
import type * as Synthesize from '../../../tools/cli/synthesize';
import type * as Train from '../../../tools/cli/train';
import type { CompleteConfiguration } from '../../../tools/config/complete';
import type * as IterationTime from '../../../tools/run/iteration-time';
import type { TrainingJob } from '../../../tools/run/training-run';
import { Interrupted } from '../../../tools/terminal/interruption';
import { metricsOf, Workplace } from './workplace';

// Generating the demo's scenes, measuring and hundreds of iterations have tests of their own.
const generateScenes = jest.fn<Promise<void>, Parameters<typeof Synthesize.generateScenes>>();
const secondsPerIteration = jest.fn<Promise<number>, [CompleteConfiguration]>();
const trainAndReport = jest.fn<ReturnType<typeof Train.trainAndReport>, [TrainingJob]>();
jest.mock('../../../tools/cli/synthesize', () => ({
  ...jest.requireActual<typeof Synthesize>('../../../tools/cli/synthesize'),
  generateScenes: (...options: Parameters<typeof generateScenes>) => generateScenes(...options),
}));
jest.mock('../../../tools/run/iteration-time', () => ({
  ...jest.requireActual<typeof IterationTime>('../../../tools/run/iteration-time'),
  secondsPerIteration: (configuration: CompleteConfiguration) => secondsPerIteration(configuration),
}));
jest.mock('../../../tools/cli/train', () => ({
  ...jest.requireActual<typeof Train>('../../../tools/cli/train'),
  trainAndReport: (job: TrainingJob) => trainAndReport(job),
}));

const workplace = new Workplace('tiny');

beforeEach(() => {
  // After the workplace has its scenes.
  generateScenes.mockImplementation(({ output }) => {
    cpSync(workplace.scenes, output, { recursive: true });
    return Promise.resolve();
  });
  trainAndReport.mockImplementation(
    jest.requireActual<typeof Train>('../../../tools/cli/train').trainAndReport,
  );
});

const demo = (output: string): Promise<number> => main(['demo', '--output', output]);

test.each([
  [0.3, 520, '520 iterations fit ten minutes'],
  // 600 s / (1.1 * 1.2 s) - 20
  [1.2, 434, '434 iterations fit ten minutes'],
  [3, 250, '250 iterations, the minimum, take more than ten minutes: 13 min 30 s in all'],
])('at %d s an iteration it takes %d', async (pace, iterations, words) => {
  jest.spyOn(performance, 'now').mockReturnValue(0);
  secondsPerIteration.mockResolvedValueOnce(pace);
  let job: TrainingJob | undefined;
  trainAndReport.mockImplementationOnce((given) => {
    job = given;
    return Promise.reject(new Interrupted('as far as this test goes'));
  });
  const output = workplace.at(`demo-${iterations}`);
  expect(await demo(output)).toBe(130);
  expect(workplace.stderr).toContain(`\nmeasured ${pace.toFixed(2)} s an iteration: ${words}\n`);
  expect(workplace.stderr).toContain(`\n2/2 training: fasterrcnn_tiny_fpn, ${iterations} iterations\n`);
  expect(job).toMatchObject({
    output,
    resume: false,
    configuration: { iterations, schedule: { type: 'cosine', warmupIterations: 40 }, data: { batchSize: 8 } },
  });
  expect(generateScenes.mock.lastCall![0]).toMatchObject({ numTrain: 600, numVal: 100, size: 320 });
});

test('stopped while it measures, it says how to go on, and has begun nothing', async () => {
  secondsPerIteration.mockRejectedValueOnce(new Interrupted('Stopped; nothing was written.'));
  const output = workplace.at('stopped');
  expect(await demo(output)).toBe(130);
  expect(workplace.stderr).toMatch(
    /\nStopped before the first iteration\. To resume: rcnn demo --output .*stopped\n$/,
  );
  expect(existsSync(path.join(output, 'config.yaml'))).toBe(false);
});

test('one that goes on keeps the number that it has begun with; one that is done shows its result', async () => {
  const output = workplace.at('begun');
  const val = [
    '--val-annotations',
    workplace.at('scenes', 'val.json'),
    '--val-images',
    workplace.at('scenes', 'images'),
  ];
  const like = ['--set', 'optimizer.type=adamw', '--set', 'schedule.type=cosine', ...val];
  expect(await workplace.train(output, '--iterations', '2', ...like)).toBe(0);
  workplace.stdout = '';
  expect(await demo(output)).toBe(0);
  expect(workplace.stdout).toMatch(/begun: the demo is done, with AP [01]\.\d{3} and AP50 [01]\.\d{3}\.\n/);

  // As if it had been stopped before its last iteration.
  const config = path.join(output, 'config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^iterations: 2$/m, 'iterations: 3'));
  rmSync(path.join(output, 'report.html'));
  secondsPerIteration.mockClear();
  workplace.stdout = '';
  expect(await demo(output)).toBe(0);
  expect(secondsPerIteration).not.toHaveBeenCalled();
  expect(workplace.stderr).toContain('\n2/2 training: fasterrcnn_tiny_fpn, 3 iterations\n');
  expect(metricsOf(output).map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
  expect(readFileSync(config, 'utf8')).toMatch(/^iterations: 3$/m);
  expect(workplace.stdout).toMatch(
    /\nreport: .*\nscenes: .*\ntraining: .*\nevaluation and report: .*\ntotal: .*\n\nOpen the report /,
  );
  expect(workplace.stdout).not.toContain('measuring');
});

test('with --masks it trains a detector that finds masks, in a folder of its own', async () => {
  secondsPerIteration.mockResolvedValueOnce(0.3);
  let job: TrainingJob | undefined;
  trainAndReport.mockImplementationOnce((given) => {
    job = given;
    return Promise.reject(new Interrupted('as far as this test goes'));
  });
  const output = workplace.at('masks');
  expect(await main(['demo', '--masks', '--output', output])).toBe(130);
  expect(job!.resumeCommand).toBe(`rcnn demo --masks --output ${output}`);
  expect(job!.configuration.model.name).toBe('maskrcnn_tiny_fpn');

  // Measured with as many masks to learn as a trained RPN finds objects for.
  const [measured] = secondsPerIteration.mock.lastCall!;
  const sampled = { batchSizePerImage: 128, positiveFraction: 0.25 };
  expect(job!.configuration.model).toMatchObject({ roi: { ...sampled, fgIouThreshold: 0.5 } });
  expect(measured.model).toMatchObject({
    name: 'maskrcnn_tiny_fpn',
    roi: { ...sampled, fgIouThreshold: 0.1, bgIouThreshold: 0.1 },
  });

  // One that has begun without.
  const begun = workplace.at('begun without');
  cpSync(workplace.at('begun'), begun, { recursive: true });
  await expect(runCommand(['demo', '--masks', '--output', begun])).rejects.toMatchObject({
    code: 'other-configuration',
    facts: { was: 'fasterrcnn_tiny_fpn', is: 'maskrcnn_tiny_fpn' },
  });
});
