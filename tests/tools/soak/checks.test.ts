import { checkSoak, type Check } from '../../../tools/soak/checks';
import type { LifeRecord, RunRecord, SoakRecording } from '../../../tools/soak/recording';
import { soakPage } from '../../../tools/soak/soak-page';
import type { ProbeSample } from '../../../tools/soak/trainer-probe';
import { goodRecording } from './recordings';

/** What is not kept, and what was found instead. */
function notKept(recording: SoakRecording): string[] {
  return checkSoak(recording)
    .filter(({ verdict }) => verdict !== 'kept')
    .map(({ promise, verdict, found }) => `${verdict}: ${promise}: ${found}`);
}

function withRun(change: Partial<RunRecord>, index = 0): SoakRecording {
  const recording = goodRecording();
  return { ...recording, runs: recording.runs.map((run, k) => (k === index ? { ...run, ...change } : run)) };
}

function withSamples(change: (sample: ProbeSample) => Partial<ProbeSample>): SoakRecording {
  const recording = goodRecording();
  const changed = (life: LifeRecord): LifeRecord => ({
    ...life,
    samples: life.samples.map((sample) => ({ ...sample, ...change(sample) })),
  });
  return { ...recording, lives: recording.lives.map(changed) };
}

test('a good soak keeps every promise', () => {
  expect(notKept(goodRecording())).toEqual([]);
});

const { rows, checkpoints } = goodRecording().runs[0];
const withRow = (at: number, change: object): SoakRecording =>
  withRun({ rows: rows.map((row, k) => (k === at ? { ...row, ...change } : row)) });

test.each<[string, SoakRecording, RegExp]>([
  ['a row twice', withRun({ rows: [...rows.slice(0, 5), ...rows.slice(4)] }, 1), /row 6 is of step 5/],
  ['a step less than undisturbed', withRun({ rows: rows.slice(0, -1) }), /3999 steps, undisturbed 4000/],
  ['half a row', withRun({ brokenLines: 1 }), /under faults: 1 lines are no row/],
  ['a loss that is not finite', withRow(7, { total_loss: NaN }), /step 8: total_loss is NaN/],
  [
    'losses that rise',
    withRun({ rows: [...rows].map((row) => ({ ...row, total_loss: row.iteration })) }, 1),
    /fall: .*200.50 to/,
  ],
  [
    'another loss by one bit',
    withRow(9, { total_loss: rows[9].total_loss + 2 ** -52 }),
    /evaluations .*: step 10 differs/,
  ],
  ['an evaluation that is missing', withRow(49, { 'val/AP': undefined }), /evaluations .*: step 50 differs/],
  [
    'other weights',
    withRun({ checkpoints: { ...checkpoints, '0004000/model.safetensors': 'x' } }),
    /0004000\/model\.safetensors differs/,
  ],
  ['no last checkpoint', withRun({ checkpoints: {} }), /0004000\/model\.safetensors differs/],
  ['another best', withRun({ links: { last: 'checkpoints/0004000' } }), /best differs/],
  [
    'steps without events',
    withRun({ events: { problems: [], steps: [1] } }),
    /3999 steps are missing, the first: 2/,
  ],
  [
    'a damaged event file',
    withRun({ events: { problems: ['a: damaged'], steps: rows.map((_, k) => k + 1) } }),
    /a: damaged/,
  ],
  ['a lock', withRun({ leftovers: ['.lock'] }), /\.lock/],
  [
    'weights that cannot be read',
    withRun({ evaluations: [{ link: 'best', status: 2, ap: undefined }] }),
    /status 2 for best/,
  ],
  [
    'another AP',
    withRun({ evaluations: [{ link: 'last', status: 0, ap: 0.3 }] }),
    /last has AP 0.3; the run itself said 0.25/,
  ],
  ['a lost picture that is not written down', withRun({ leftOut: [] }, 1), /1\.jpg is not in left-out\.json/],
  [
    'a process that is left',
    { ...goodRecording(), leftProcesses: ['rcnn train'] },
    /no process is left: rcnn train/,
  ],
  [
    'one tensor more',
    withSamples(({ iteration }) => ({ tensors: iteration < 900 ? 331 : 332 })),
    /331 tensors.*332 tensors/,
  ],
  [
    'memory that grows',
    withSamples(({ iteration, residentBytes }) => ({
      residentBytes: residentBytes + 6 * 2 ** 20 * (iteration / 1000),
    })),
    /resident memory.*: [56]\.\d\d MB in 1000 steps, over 10500 steps of 3 processes/,
  ],
  [
    'a thread left with each hundred steps',
    withSamples(({ iteration }) => ({ threads: 21 + Math.floor(iteration / 100) })),
    /threads.*: (9\.9|10\.0)/,
  ],
])('%s is found', (_, recording, message) => {
  const found = notKept(recording);
  expect(found.filter((line) => !line.startsWith('broken: '))).toEqual([]);
  expect(found).toContainEqual(expect.stringMatching(message));
  // Another number of steps is another number of evaluations too, and NaN is another loss.
  expect(found.length).toBeLessThanOrEqual(2);
});

test('problems of faults and processes are named, the first ones', () => {
  const recording = goodRecording();
  const [fault] = recording.faults;
  const problems = Array.from({ length: 8 }, (_, k) => `problem ${k}`);
  const found = notKept({ ...recording, faults: [...recording.faults, { ...fault, problems }] });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/kill at 10 s: problem 0; .*problem 4; and 3 more$/);
});

test('what could not be looked at is not kept, and not broken', () => {
  const recording = goodRecording();
  const lives = recording.lives.map((life) => ({ ...life, samples: life.samples.slice(0, 1400) }));
  const faults = recording.faults.filter(({ kind }) => kind !== 'full disk');
  const impossible = [{ kind: 'full disk', reason: 'no mounts here' } as const];
  expect(notKept({ ...recording, lives, faults, impossible })).toEqual([
    expect.stringMatching(/^not made: resident memory/),
    expect.stringMatching(/^not made: memory of JavaScript/),
    expect.stringMatching(/^not made: threads/),
    expect.stringMatching(/^not made: open files/),
    'not made: each kind of fault was injected: full disk: no mounts here',
  ]);
});

test('the page tells what was found, and escapes it', () => {
  const recording = goodRecording();
  const [first, ...others] = recording.faults;
  const checks: Check[] = [{ promise: 'a promise', verdict: 'broken', found: '<b>why</b>' }];
  const page = soakPage({ ...recording, faults: [{ ...first, said: '<i>said</i>' }, ...others] }, checks);
  expect(page).toContain('Fault-injection test: 1 check failed');
  expect(page).toContain('&lt;b&gt;why&lt;/b&gt;');
  expect(page).toContain('&lt;i&gt;said&lt;/i&gt;');
  expect(page.match(/<svg/g)).toHaveLength(8);
  expect(page).not.toMatch(/(src|href)="/);
});
