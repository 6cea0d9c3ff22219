import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Hook } from '../../detection/engine/hooks';
import { WeightsError } from '../formats/weights-error';
import { loadCheckpoint, type CheckpointState, type Resumable } from './checkpoint';
import { resumePoint } from './resume-point';
import { emitProcessWarning } from './process-warning';

/** What goes on where a checkpoint was made. */
export interface Resuming extends Resumable {
  /** The run's hooks: each that has a state in the checkpoint, by its name, gets it back. */
  readonly hooks?: readonly Hook[];
  /**
   * Gets a line about each checkpoint that cannot be used, and about one of format 1; if left out, they are warnings of
   * the process.
   */
  readonly log?: (line: string) => void;
}

/** Where a run goes on. */
export interface Resumed {
  /** Steps done: what `train` takes. */
  readonly startIteration: number;
  /** The folder of the checkpoint; undefined where the run has none and begins. */
  readonly checkpoint: string | undefined;
}

/**
 * Puts what learns, and what the hooks remember, back to where a run had come: to its last checkpoint that can be used, or
 * to the one that is named. A run that has none begins at step 0, with nothing changed. With the seeds that the model's
 * streams had, the run goes on as if it had never stopped, to the bit; one of format 1 has other random draws from there on.
 *
 * @param folder the run's, as CheckpointHook writes it, or that of one of its checkpoints.
 * @throws WeightsError where no checkpoint can be used, or it is of another model, optimizer or hook.
 */
export function resumeFrom(
  folder: string,
  { hooks = [], log = emitProcessWarning, ...resumable }: Resuming,
): Resumed {
  const checkpoint = isCheckpoint(folder) ? folder : resumePoint(folder, log);
  if (checkpoint === undefined) return { startIteration: 0, checkpoint };
  const state = loadCheckpoint(checkpoint, resumable);
  for (const hook of hooks) restoreHook(hook, checkpoint, state);
  if (!isExact(state)) {
    log(`${checkpoint}: is of an earlier version, so random draws differ from here on`);
  }
  return { startIteration: state.iteration, checkpoint };
}

function isCheckpoint(folder: string): boolean {
  return existsSync(path.join(folder, 'state.json'));
}

/** Whether a run that goes on from a checkpoint is, to the bit, the one that was never stopped. */
export function isExact({ format }: CheckpointState): boolean {
  return format > 1;
}

function restoreHook(hook: Hook, checkpoint: string, { hooks }: CheckpointState): void {
  if (!hook.restore || !Object.hasOwn(hooks, hook.name)) return;
  try {
    hook.restore(hooks[hook.name]);
  } catch (error) {
    const reason = `is not a state of this hook: ${(error as Error).message}`;
    throw new WeightsError(
      'checkpoint-hook',
      { file: path.join(checkpoint, 'state.json'), entry: hook.name },
      reason,
      { cause: error },
    );
  }
}
