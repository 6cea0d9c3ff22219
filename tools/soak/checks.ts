import type { MetricsRow } from '../run/folder/metrics-file';
import { FAULT_KINDS } from './fault-plan';
import { memoryGrowth, tensorCounts } from './memory-growth';
import type { LifeRecord, Phase, RunRecord, SoakRecording } from './recording';

/** What a soak has found out about one promise. */
export interface Check {
  readonly promise: string;
  /** `not made`: the soak could not look. */
  readonly verdict: 'kept' | 'broken' | 'not made';
  /** The figures, or what was wrong. */
  readonly found: string;
}

/** Rows tell these of the process and of its faults, not of the training. */
const MEASURED = /seconds$|^peak_memory_bytes$|^worker_deaths$/;
/** Share of a run at its beginning and its end over which losses are averaged. */
const LOSS_SHARE = 0.1;
/** Megabytes by which a process may grow in 1000 steps; large detectors take an hour for these. */
const MAX_GROWTH = 5;
/** Problems that are named of each check. */
const NAMED = 5;

/** All checks of a soak, made from its recording alone. */
export function checkSoak(recording: SoakRecording): Check[] {
  const { runs, lives, faults } = recording;
  const control = runs.find(({ phase }) => phase === 'control');
  const disturbed = runs.find(({ phase }) => phase === 'faults');
  return [
    check('every fault had its documented result', faultProblems(recording), `${faults.length} faults`),
    check(
      'no process ended that was not told to, and each went on from what had been saved',
      lifeProblems(lives),
      `${lives.length} processes`,
    ),
    ...runChecks(runs),
    leftOutCheck(recording),
    ...(control && disturbed ? equalityChecks(disturbed, control) : []),
    tensorCheck(lives),
    ...(['residentBytes', 'heapBytes', 'threads', 'openFiles'] as const).map((of) => growthCheck(lives, of)),
    check('no process is left', recording.leftProcesses, 'none'),
    kindsCheck(recording),
  ];
}

function check(promise: string, problems: readonly string[], found: string): Check {
  if (problems.length === 0) return { promise, verdict: 'kept', found };
  const more = problems.length > NAMED ? `; and ${problems.length - NAMED} more` : '';
  return { promise, verdict: 'broken', found: problems.slice(0, NAMED).join('; ') + more };
}

function faultProblems({ faults }: SoakRecording): string[] {
  return faults.flatMap(({ kind, at, problems }) =>
    problems.map((problem) => `${kind} at ${at.toFixed(0)} s: ${problem}`),
  );
}

function lifeProblems(lives: readonly LifeRecord[]): string[] {
  return lives.flatMap(({ because, ended, problems }) =>
    problems.map((problem) => `${because} at ${ended.toFixed(0)} s: ${problem}`),
  );
}

/** What is promised of each run, whatever was done to it. */
function runChecks(runs: readonly RunRecord[]): Check[] {
  const ofEach = (
    promise: string,
    problemsOf: (run: RunRecord) => readonly string[],
    found: (run: RunRecord) => string,
  ): Check =>
    check(
      promise,
      runs.flatMap((run) => problemsOf(run).map((problem) => `${title(run.phase)}: ${problem}`)),
      runs.map((run) => `${title(run.phase)} ${found(run)}`).join('; '),
    );
  return [
    ofEach('each step is in metrics.jsonl once, in order', rowProblems, ({ rows }) => `${rows.length} steps`),
    ofEach('losses are finite and fall', lossProblems, ({ rows }) => lossTrend(rows).found),
    ofEach(
      'event files are whole and have each step',
      eventProblems,
      ({ events }) => `${events.steps.length} steps`,
    ),
    ofEach(
      'no file is left half written, and no lock',
      ({ leftovers }) => leftovers,
      () => 'none',
    ),
    ofEach(
      'last and best can be evaluated; last as the run itself has',
      evaluationProblems,
      ({ evaluations }) => evaluations.map(({ link, ap }) => `${link} AP ${ap?.toFixed(3)}`).join(', '),
    ),
  ];
}

export function title(phase: Phase): string {
  return { faults: 'under faults', skipping: 'without broken pictures', control: 'undisturbed' }[phase];
}

function rowProblems({ rows, brokenLines }: RunRecord): string[] {
  const problems = brokenLines > 0 ? [`${brokenLines} lines are no row`] : [];
  const wrong = rows.findIndex(({ iteration }, index) => iteration !== index + 1);
  if (wrong >= 0) problems.push(`row ${wrong + 1} is of step ${rows[wrong].iteration}`);
  return problems;
}

function lossProblems({ rows }: RunRecord): string[] {
  const problems = rows.flatMap((row) =>
    Object.entries(row)
      .filter(([name, value]) => name.includes('loss') && !Number.isFinite(value))
      .map(([name, value]) => `step ${row.iteration}: ${name} is ${value}`),
  );
  const { falls, found } = lossTrend(rows);
  return falls ? problems : [...problems, found];
}

function lossTrend(rows: readonly MetricsRow[]): { falls: boolean; found: string } {
  const losses = rows.map(({ total_loss }) => total_loss);
  const count = Math.max(1, Math.floor(losses.length * LOSS_SHARE));
  const [first, last] = [mean(losses.slice(0, count)), mean(losses.slice(-count))];
  return { falls: last < first, found: `${first.toFixed(2)} to ${last.toFixed(2)}` };
}

function eventProblems({ rows, events: { problems, steps } }: RunRecord): string[] {
  const present = new Set(steps);
  const missing = rows.filter(({ iteration }) => !present.has(iteration));
  return missing.length === 0
    ? [...problems]
    : [...problems, `${missing.length} steps are missing, the first: ${missing[0].iteration}`];
}

function evaluationProblems({ phase, rows, evaluations }: RunRecord): string[] {
  // A run that goes on without broken pictures is evaluated without them too; now they are whole again.
  const own = phase === 'skipping' ? undefined : rows.at(-1)?.['val/AP'];
  return evaluations.flatMap(({ link, status, ap }) => {
    if (status !== 0) return [`rcnn evaluate ended with status ${status} for ${link}`];
    return link === 'last' && own !== undefined && ap !== own
      ? [`last has AP ${ap}; the run itself said ${own}`]
      : [];
  });
}

function leftOutCheck({ runs, faults }: SoakRecording): Check {
  const lost = faults.flatMap(({ picture }) => (picture === undefined ? [] : [picture]));
  const reasons = runs.flatMap(({ leftOut }) => leftOut);
  const problems = lost
    .filter((name) => !reasons.some((reason) => reason.includes(name)))
    .map((name) => `${name} is not in left-out.json`);
  return check('each picture that broke for good is in left-out.json', problems, `${lost.length} pictures`);
}

/** A run that was disturbed in all ways, and one that was not at all, are one run. */
function equalityChecks(disturbed: RunRecord, control: RunRecord): Check[] {
  const steps =
    control.rows.length === disturbed.rows.length
      ? control.rows.filter((row, index) => numbersOf(row) !== numbersOf(disturbed.rows[index])).map(differs)
      : [`${disturbed.rows.length} steps, undisturbed ${control.rows.length}`];
  const evaluations = control.rows.filter((row) => 'val/AP' in row).length;
  // A run that is stopped has a checkpoint there too.
  const names = Object.keys(control.checkpoints);
  const files = names.filter((name) => control.checkpoints[name] !== disturbed.checkpoints[name]);
  const links = Object.keys(control.links);
  const otherLinks = links.filter((link) => control.links[link] !== disturbed.links[link]);
  return [
    check(
      'losses, metrics and evaluations are those of the undisturbed run, to the bit',
      steps,
      `${control.rows.length} steps, ${evaluations} evaluations`,
    ),
    check(
      'so are weights and optimizer of its checkpoints, and what last and best lead to',
      [...files, ...otherLinks].map((name) => `${name} differs`),
      `${names.length} files, ${links.join(' and ')}`,
    ),
  ];
}

/** All that a row says, but what is measured of the process. */
function numbersOf(row: MetricsRow): string {
  const entries = Object.entries(row).filter(([name]) => !MEASURED.test(name));
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function differs({ iteration }: MetricsRow): string {
  return `step ${iteration} differs`;
}

function tensorCheck(lives: readonly LifeRecord[]): Check {
  const counts = tensorCounts(lives);
  const found = counts.map(({ tensors, bytes }) => `${tensors} tensors of ${bytes} bytes`);
  const promise = 'the number of tensors and their bytes are the same after each step of each process';
  if (counts.length === 0) return { promise, verdict: 'not made', found: 'no process has done a step' };
  return check(promise, counts.length > 1 ? found : [], found[0]);
}

const growthTexts = {
  residentBytes: { what: 'resident memory', unit: 'MB', scale: 2 ** 20, most: MAX_GROWTH },
  heapBytes: {
    what: 'memory of JavaScript objects and buffers',
    unit: 'MB',
    scale: 2 ** 20,
    most: MAX_GROWTH,
  },
  // One in 1000 steps would be one more with each tenth fault.
  threads: { what: 'threads', unit: '', scale: 1, most: 0.5 },
  openFiles: { what: 'open files', unit: '', scale: 1, most: 0.5 },
} as const;

function growthCheck(lives: readonly LifeRecord[], of: keyof typeof growthTexts): Check {
  const { what, unit, scale, most } = growthTexts[of];
  const promise = `${what} of a process that trains: at most ${most} ${unit} more in 1000 steps`.replace(
    '  ',
    ' ',
  );
  const growth = memoryGrowth(lives, of);
  if (!growth) return { promise, verdict: 'not made', found: 'no process has lived long enough' };
  const slope = (growth.perStep * 1000) / scale;
  const found = `${slope.toFixed(2)} ${unit} in 1000 steps, over ${growth.steps} steps of ${growth.processes} processes`;
  return check(promise, slope > most ? [found] : [], found.replace('  ', ' '));
}

function kindsCheck({ faults, impossible }: SoakRecording): Check {
  const missing = FAULT_KINDS.filter((kind) => !faults.some((fault) => fault.kind === kind));
  const promise = 'each kind of fault was injected';
  if (missing.length === 0) return { promise, verdict: 'kept', found: `${FAULT_KINDS.length} kinds` };
  const found = missing.map((kind) => {
    const reason = impossible.find((entry) => entry.kind === kind)?.reason ?? 'its turn did not come';
    return `${kind}: ${reason}`;
  });
  return { promise, verdict: 'not made', found: found.join('; ') };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
