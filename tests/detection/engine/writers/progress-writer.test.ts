import { EventStorage } from '../../../../detection/events/event-storage';
import type { TrainingState } from '../../../../detection/engine/hooks';
import { ProgressWriter, type ProgressOptions } from '../../../../detection/engine/writers/progress-writer';
import { Sgd } from '../../../../detection/engine/sgd';
import { Screen } from '../../../screen';

const losses = ['loss_objectness', 'loss_rpn_box_reg', 'loss_classifier', 'loss_box_reg'];

/** A run of 45 steps of half a second, seen by its writer; the clock is turned by hand. */
class Run {
  written = '';
  now = 1e6;
  readonly storage = new EventStorage();
  private readonly writer: ProgressWriter;
  private state: TrainingState = {
    iteration: 0,
    iterations: 45,
    storage: this.storage,
    optimizer: new Sgd([], { momentum: 0, weightDecay: 0 }),
    hooks: [],
    shouldStop: false,
    outcome: 'running',
  };

  constructor(
    readonly output: { isTTY?: boolean; columns?: number; write(text: string): unknown },
    imagesPerStep?: number,
    formatScore?: ProgressOptions['formatScore'],
  ) {
    jest.spyOn(performance, 'now').mockImplementation(() => this.now);
    this.writer = new ProgressWriter({ output, imagesPerStep, scores: { AP: 'val/AP' }, formatScore });
    this.storage.lossNames = losses;
  }

  /**
   * @param outside seconds that follow the step: of an evaluation, say.
   * @param shouldStop whether a hook ends the run after it
   */
  step(seconds = 0.5, outside = 0, shouldStop = false): void {
    const { storage, state } = this;
    const iteration = state.iteration + 1;
    storage.startIteration(iteration);
    this.now += 1000 * seconds;
    storage.scalar('seconds', seconds);
    storage.scalar('data_seconds', seconds / 50);
    for (const name of ['total_loss', ...losses]) storage.scalar(name, iteration / 10);
    storage.scalar('lr', 0.01);
    if (outside > 0) storage.scalar('val/AP', 0.1234);
    this.now += 1000 * outside;
    this.state = { ...state, iteration, shouldStop };
    this.writer.afterStep(this.state);
  }

  end(): void {
    this.writer.afterTrain();
  }
}

/** What goes there is kept as text. */
function plainRun(imagesPerStep?: number): { run: Run; text: () => string } {
  let written = '';
  const run = new Run({ write: (text) => (written += text) }, imagesPerStep);
  return { run, text: () => written };
}

function terminalRun(columns: number): { run: Run; screen: Screen; output: { columns: number } } {
  const screen = new Screen(columns || 80);
  const output = { isTTY: true, columns, write: (text: string) => screen.write(text) };
  return { run: new Run(output, 4), screen, output };
}

afterEach(() => jest.restoreAllMocks());

test('plain lines where there is no terminal', () => {
  const { run, text } = plainRun(4);
  for (let k = 1; k <= 45; k++) run.step(k === 40 ? 100 : 0.5, k === 41 ? 1e-3 : 0);
  run.end();
  const lines = text().split('\n');
  expect(lines).toHaveLength(4);
  // One step that takes far longer does not disturb the time left.
  expect(lines[1]).toMatch(
    /^40\/45 {2}total_loss 3\.0500 {2}8\.00 images\/s {2}waiting 2 % {2}\d+\.\d\d GiB {2}0:00:03 left {2}lr 0\.0100 {2}loss_objectness 3\.0500 {2}loss_rpn/,
  );
  expect(lines[2]).toMatch(/^45\/45 .* GiB {2}lr 0\.0100 {2}AP 0\.123 {2}loss_objectness /);
  expect(text()).not.toMatch(/[^\x20-\x7e\n]/);
});

test('steps instead of images, and nothing of what is not known yet', () => {
  const { run, text } = plainRun();
  for (let k = 0; k < 20; k++) run.step();
  expect(text()).toContain('  2.00 it/s  ');
  const empty = plainRun();
  empty.run.storage.lossNames = [];
  jest.spyOn(empty.run.storage, 'history').mockReturnValue([]);
  jest.spyOn(empty.run.storage, 'latest').mockReturnValue(undefined);
  for (let k = 0; k < 20; k++) empty.run.step();
  expect(empty.text()).toMatch(/^20\/45 {2}\d+\.\d\d GiB\n$/);
});

test('scores in the form that they are wanted in', () => {
  let text = '';
  const run = new Run({ write: (more) => (text += more) }, 1, (score) => `${Math.round(100 * score)} %`);
  for (let k = 1; k <= 20; k++) run.step(0.5, k === 20 ? 1 : 0);
  expect(text).toContain('  AP 12 %  ');
});

test('losses of millions take no more room than others', () => {
  const { run, text } = plainRun();
  run.storage.lossNames = ['loss_huge'];
  for (let k = 0; k < 20; k++) {
    run.storage.scalar('loss_huge', 356151442760438710272);
    run.step();
  }
  expect(text()).toMatch(/ {2}loss_huge 3\.562e\+20\n$/);
});

test('three rows that change on a terminal of 80 columns, and stay at the end', () => {
  const { run, screen } = terminalRun(80);
  run.step();
  expect(screen.rows).toHaveLength(3);
  for (let k = 2; k <= 27; k++) run.step(0.5, k === 20 ? 1e-3 : 0);
  expect(screen.text).toMatch(
    new RegExp(
      [
        '^\\[#{24}\\.{16}\\] 27/45  0:00:09 left',
        'AP 0\\.123  8\\.00 images/s  waiting 2 %  \\d\\.\\d\\d GiB  lr 0\\.0100  loss 1\\.7500',
        'objectness 1\\.7500  rpn_box_reg 1\\.7500  classifier 1\\.7500  box_reg 1\\.7500$',
      ].join('\n'),
    ),
  );
  run.end();
  screen.write('report: r.html\n');
  expect(screen.rows.slice(3)).toEqual(['report: r.html', '']);
});

test('a terminal may be narrow, become narrower, be dumb, and not tell its width', () => {
  const { run, screen, output } = terminalRun(60);
  run.step();
  expect(screen.rows).toHaveLength(4);
  // What has been written before takes more rows then, below the cursor: the next drawing takes them all back.
  screen.rows.splice(1, 3, ...screen.rows.slice(1).flatMap((row) => [row.slice(0, 20), row.slice(20)]));
  screen.columns = output.columns = 20;
  run.step();
  expect(screen.rows).toHaveLength(4);
  expect(screen.rows[0]).toBe(' 2/45  0:00:22 left');

  const untold = terminalRun(0);
  untold.run.step();
  expect(untold.screen.rows).toHaveLength(3);

  const before = process.env['TERM'];
  process.env['TERM'] = 'dumb';
  try {
    let text = '';
    const dumb = new Run({ isTTY: true, columns: 80, write: (more) => (text += more) });
    for (let k = 0; k < 20; k++) dumb.step();
    expect(text).toMatch(/^20\/45 [\x20-\x7e]+\n$/);
  } finally {
    process.env['TERM'] = before;
  }
});

test('draws ten times a second at most, and the last step in the end', () => {
  let drawings = 0;
  const screen = new Screen(80);
  const run = new Run({ isTTY: true, columns: 80, write: (text) => (drawings++, screen.write(text)) });
  for (let k = 0; k < 45; k++) run.step(0.01);
  expect(drawings).toBe(5);
  run.end();
  expect(screen.text).toContain('] 45/45\n');
});

test('the time left has a share of what is done outside of steps', () => {
  const { run, screen } = terminalRun(80);
  const left = (): string => /(\S+) left/.exec(screen.text)![1];
  for (let k = 1; k <= 15; k++) run.step(0.5, k === 15 ? 28 : 0);
  // 30 steps of half a second, and two more evaluations of 28 s.
  expect(left()).toBe('0:01:15');
  for (let k = 16; k <= 30; k++) run.step(0.5, k === 30 ? 28 : 0);
  expect(left()).toBe('0:00:36');
});

test('a run that is over early has no time left', () => {
  const { run, text } = plainRun();
  for (let k = 1; k <= 6; k++) run.step(0.5, 0, k === 6);
  run.end();
  expect(text()).toMatch(/^6\/45 {2}total_loss /);
  expect(text()).not.toContain('left');

  const { run: live, screen } = terminalRun(80);
  for (let k = 1; k <= 6; k++) live.step(0.5, 0, k === 6);
  live.end();
  expect(screen.rows[0]).toMatch(/\] {2}6\/45$/);
});
