import { lstatSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { readCheckpointState, verifyCheckpoint } from './checkpoint';
import { CHECKPOINT_NAME, checkpointName, checkpointsUpTo } from './checkpoint-folders';
import { removeLeftovers } from '../../detection/files/leftovers';
import { WeightsError } from '../formats/weights-error';

/**
 * Finds the checkpoint from which a run goes on: `last`, or the one before it where that cannot be used: where it is
 * damaged, or holds what is not finite. A run that died before it had the link has its latest. A `best` that cannot be
 * used is forgotten, so that another checkpoint can become it.
 *
 * @param folder the run's, as CheckpointHook writes it.
 * @param tell gets a line about each checkpoint that cannot be used.
 * @returns the checkpoint's folder; undefined where the run has none.
 * @throws WeightsError where none can be used: the first message; where `last` or `best` is no link.
 */
export function resumePoint(folder: string, log: (line: string) => void): string | undefined {
  const best = path.join(folder, 'best');
  for (const link of [path.join(folder, 'last'), best]) requireNoFolder(link);
  const refusedBest = linkedName(best) === undefined ? undefined : refusal(best);
  if (refusedBest) {
    log(`${refusedBest.message}; this checkpoint is no longer the best`);
    rmSync(best);
  }
  const candidates = checkpointsUpToLast(folder);
  const refused: WeightsError[] = [];
  for (const candidate of candidates) {
    const reason = refusal(candidate);
    if (!reason) {
      for (const { message } of refused) log(`${message}; using the checkpoint before it`);
      return candidate;
    }
    refused.push(reason);
  }
  if (refused.length > 0) throw refused[0];
  return undefined;
}

/** Removes what a process that died has left in a run's folder beside its checkpoints. Before this one writes there. */
export function removeCheckpointLeftovers(folder: string): void {
  removeLeftovers(path.join(folder, 'checkpoints'));
  removeLeftovers(folder, ['last', 'best']);
}

/** Where `last` leads to, then those with fewer steps; all where there is no `last`. Latest first. */
function checkpointsUpToLast(folder: string): string[] {
  const linked = linkedName(path.join(folder, 'last'));
  return checkpointsUpTo(
    folder,
    linked !== undefined && CHECKPOINT_NAME.test(linked) ? Number(linked) : Infinity,
  );
}

/** Some copy what a link leads to. What is renamed over a folder is refused, by the system, at the first checkpoint. */
function requireNoFolder(link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  const name = checkpointName(readCheckpointState(link).iteration);
  const target = `checkpoints/${name}`;
  const reason = `is a folder, as in a copy that has followed links; replace it by a link to ${target}`;
  throw new WeightsError('checkpoint-link', { file: link, target }, reason);
}

function linkedName(link: string): string | undefined {
  try {
    return path.basename(readlinkSync(link));
  } catch {
    return undefined; // there is none
  }
}

/** Why a checkpoint cannot be used; undefined where it can. */
function refusal(checkpoint: string): WeightsError | undefined {
  try {
    verifyCheckpoint(checkpoint);
    return undefined;
  } catch (error) {
    if (error instanceof WeightsError) return error;
    throw error;
  }
}
