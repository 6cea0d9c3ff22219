import { existsSync } from 'node:fs';
import path from 'node:path';
import { inject } from './faults';
import type { FaultKind, PlannedFault } from './fault-plan';
import type { Pictures } from './pictures';
import type { SmallDisk } from './small-disk';
import { DONE, PATIENCE_SECONDS, STOPPED, type SupervisedRun } from './supervised-run';

export interface UnderFaultsOptions {
  readonly pictures: Pictures;
  readonly disk: SmallDisk | undefined;
  /** Seconds on the run's clock. */
  readonly until: number;
  readonly impossible: readonly { readonly kind: FaultKind }[];
  /** Gets a line about each fault. */
  readonly logLine: (line: string) => void;
}

/** Steps that a run does when its time is over, to end by itself. */
const LAST_STEPS = 25;
/** A run that ends again and again by itself has nothing more to tell. */
const MAX_ENDS_BY_ITSELF = 5;

/**
 * Starts a run, injects faults until its time is over, and has it end by itself.
 *
 * @returns the steps that it has done.
 */
export async function runUnderFaults(
  run: SupervisedRun,
  plan: Iterable<PlannedFault>,
  { pictures, disk, until, impossible, logLine }: UnderFaultsOptions,
): Promise<number> {
  const { phase, clock, output } = run.settings;
  let endsByItself = 0;
  run.start();
  // Whoever dies before its first checkpoint has nothing to go on from.
  await run.process.until(() => existsSync(path.join(output, 'last')), PATIENCE_SECONDS);
  for (const fault of plan) {
    if (impossible.some(({ kind }) => kind === fault.kind)) continue;
    await run.trains();
    if (clock() + fault.wait > until || endsByItself === MAX_ENDS_BY_ITSELF) break;
    if (await run.process.end(fault.wait)) {
      endsByItself++;
      const { problems } = await run.ended('by itself', { ends: [] });
      logLine(`${clock().toFixed(0)} s: ${problems.join('; ')}`);
      run.start();
      continue;
    }
    const [at, iteration] = [clock(), run.iteration];
    const outcome = await inject(fault, { run, pictures, disk });
    run.faults.push({ phase, kind: fault.kind, at, iteration, ...outcome });
    const problems = outcome.problems.map((problem) => `; ${problem}`).join('');
    logLine(`${at.toFixed(0)} s, step ${iteration}: ${outcome.done}${problems}`);
    if (!run.isRunning) run.start();
  }
  await run.trains();
  run.process.kill('SIGINT');
  await run.ended('its time was over', STOPPED);
  const iterations = run.iteration + LAST_STEPS;
  run.start('--iterations', String(iterations));
  await run.ended('done', DONE);
  return iterations;
}
