import { medianOf } from '../../../detection/events/median';
import { runProgram } from '../child-process';
import { childrenCpuSeconds, OtherWork } from '../machine';
import { failureOf } from './failure';
import type { Form, Rival, Run, SpeedCase, Workplace } from './speed-case';

/** What the forms of one rival took, and ours beside the fastest. */
export interface RivalResult {
  readonly name: string;
  /** Those that ran, by their names. */
  readonly forms: Readonly<Record<string, Run>>;
  /** Why there are none, or fewer: what is not installed, what failed. */
  readonly missing: readonly string[];
  /** Ours beside the fastest form. Undefined where none ran. */
  readonly best?: {
    readonly form: string;
    /** Ours / the rival's. */
    readonly timeRatio: number;
    readonly memoryRatio?: number;
  };
}

/** One case's result. */
export interface Comparison {
  readonly name: string;
  readonly what: string;
  readonly ours: Run;
  readonly rivals: readonly RivalResult[];
  /** Whether other work spoilt one of the timings. */
  readonly disturbed: boolean;
}

/**
 * Runs all sides of a case by turns, so that a machine that slows down slows all of them.
 *
 * @param say gets a line about what runs now.
 * @throws InputError where ours fails; a rival that fails is told in the result.
 */
export async function compareSpeed(
  speedCase: SpeedCase,
  workplace: Workplace,
  say: (line: string) => void,
): Promise<Comparison> {
  const { name, what, rounds, prepare } = speedCase;
  const { ours, rivals } = await prepare(workplace);
  const ourRuns: Run[] = [];
  const tries = rivals.map((rival) => new Tries(rival));
  for (let round = 1; round <= rounds; round++) {
    const sayTurn = (side: string) => say(`${what}: round ${round} of ${rounds}, ${side}`);
    sayTurn(ours.name);
    ourRuns.push(await run(ours, workplace.signal));
    for (const each of tries) await each.turn(sayTurn, workplace.signal);
  }
  const middle = middleOf(ourRuns);
  const results = tries.map((each) => each.result(middle));
  const runs = [middle, ...results.flatMap(({ forms }) => Object.values(forms))];
  return { name, what, ours: middle, rivals: results, disturbed: runs.some(({ disturbed }) => disturbed) };
}

/** The runs of one rival. */
class Tries {
  private readonly runs: Map<Form, Run[]>;
  private readonly missing: string[];

  constructor(private readonly rival: Rival) {
    this.runs = new Map('forms' in rival ? rival.forms.map((form) => [form, []]) : []);
    this.missing = 'missing' in rival ? [rival.missing] : [];
  }

  /** Runs each form once. One that fails does not run again. */
  async turn(say: (side: string) => void, signal: AbortSignal): Promise<void> {
    for (const [form, runs] of this.runs) {
      say(`${this.rival.name}, ${form.name}`);
      try {
        runs.push(await run(form, signal));
      } catch (error) {
        this.missing.push(`${form.name}: ${failureOf(error)}`);
        this.runs.delete(form);
      }
    }
  }

  result(ours: Run): RivalResult {
    const forms = Object.fromEntries([...this.runs].map(([{ name }, runs]) => [name, middleOf(runs)]));
    const [best] = Object.entries(forms).sort(([, a], [, b]) => a.seconds - b.seconds);
    return {
      name: this.rival.name,
      forms,
      missing: this.missing,
      ...(best && { best: { form: best[0], ...ratios(ours, best[1]) } }),
    };
  }
}

function ratios(ours: Run, theirs: Run): { timeRatio: number; memoryRatio?: number } {
  const timeRatio = ours.seconds / theirs.seconds;
  if (ours.megabytes === undefined || theirs.megabytes === undefined) return { timeRatio };
  return { timeRatio, memoryRatio: ours.megabytes / theirs.megabytes };
}

async function run({ call, parse }: Form, signal: AbortSignal): Promise<Run> {
  const [start, cpu, otherWork] = [performance.now(), childrenCpuSeconds(), new OtherWork()];
  const stdout = await runProgram(call, signal);
  const seconds = (performance.now() - start) / 1000;
  const disturbed = otherWork.disturbs;
  if (parse === undefined) return { seconds, cpuSeconds: childrenCpuSeconds() - cpu, disturbed };
  const reported = parse(stdout.trim().split('\n').at(-1) ?? '');
  return { ...reported, disturbed: disturbed || reported.disturbed === true };
}

/** Medians of the rounds. */
function middleOf(runs: readonly Run[]): Run {
  return {
    ...runs[0],
    seconds: medianOf(runs.map(({ seconds }) => seconds)),
    megabytes: medianIfKnown(runs.map(({ megabytes }) => megabytes)),
    cpuSeconds: medianIfKnown(runs.map(({ cpuSeconds }) => cpuSeconds)),
    disturbed: runs.some(({ disturbed }) => disturbed),
  };
}

function medianIfKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : medianOf(known);
}
