import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DivergenceError } from '../../../detection/engine/divergence-error';
import { ReplicaLostError } from '../../../detection/engine/replicas';
import { InputError } from '../../../detection/errors';
import { makeFolders } from '../../../detection/files/make-folders';
import { removeLeftovers } from '../../../detection/files/leftovers';
import { NotFiniteError } from '../../../weights/checkpoints/checkpoint';
import { removeCheckpointLeftovers } from '../../../weights/checkpoints/resume-point';
import { runEventFiles, runFolder } from './run-folder';
import { withRunLock } from './run-lock';
import { systemRefusal } from '../../terminal/system-refusal';
import type { TrainingJob } from '../training-run';

/**
 * Does a job in a run's folder, which it makes if need be: alone there, and after removing what processes that died
 * have left half written. A new run that is refused before it has a checkpoint leaves nothing behind; one that diverges
 * leaves what it has measured.
 *
 * @throws InputError where another process is at work there, where training diverges or the disk is full, say.
 */
export async function runExclusively<T>(
  { output, resume }: Pick<TrainingJob, 'output' | 'resume'>,
  job: () => Promise<T>,
): Promise<T> {
  const created = makeRunFolder(output);
  let isEmpty = false;
  try {
    return await withRunLock(output, async () => {
      try {
        removeCheckpointLeftovers(output);
        removeLeftovers(
          output,
          Object.values(runFolder(output)).map((name) => path.basename(name)),
        );
        return await job();
      } catch (error) {
        const isRefusal =
          (error instanceof InputError && !(error instanceof NotFiniteError)) ||
          error instanceof ReplicaLostError;
        const isRefused = isRefusal || systemRefusal(error) !== undefined;
        isEmpty = isRefused && !resume && removeUnstarted(output);
        throw error;
      }
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(output)) {
      throw new InputError('run-gone', `${output}: the folder of the run has been removed`, { output });
    }
    if (isEmpty && created !== undefined) rmSync(created, { recursive: true, force: true });
    // The user's data or learning rate is at fault, not this program: the message is enough.
    if (error instanceof DivergenceError)
      throw new InputError('diverged', error.message, { iteration: error.step.iteration });
    const refused = systemRefusal(error);
    throw refused === undefined
      ? error
      : new InputError('system-refusal', `${output}: ${refused}`, {
          output,
          systemCode: (error as NodeJS.ErrnoException).code,
        });
  }
}

/** @throws InputError where the system does not allow it. */
function makeRunFolder(output: string): string | undefined {
  try {
    return makeFolders(output);
  } catch (error) {
    throw new InputError(
      'output-not-writable',
      `${output}: the folder of the run cannot be made: ${(error as Error).message}`,
      { name: output },
      { cause: error },
    );
  }
}

/** Removes a run that has no checkpoint yet; whether it had none. */
function removeUnstarted(output: string): boolean {
  if (!existsSync(output) || existsSync(runFolder(output).last)) return false;
  for (const name of [...Object.values(runFolder(output)), ...runEventFiles(output)]) {
    rmSync(name, { recursive: true, force: true });
  }
  return true;
}
