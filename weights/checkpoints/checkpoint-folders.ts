import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { readCheckpointState } from './checkpoint';
import { WeightsError } from '../formats/weights-error';

/** What `checkpointName` gives. */
export const CHECKPOINT_NAME = /^\d{7,}$/;

/** The name of the checkpoint of so many steps, in the folder `checkpoints`. */
export function checkpointName(iteration: number): string {
  return String(iteration).padStart(7, '0');
}

/** Folders of a run's checkpoints of so many steps or fewer, latest first. */
export function checkpointsUpTo(folder: string, upTo: number): string[] {
  const checkpoints = path.join(folder, 'checkpoints');
  const names = existsSync(checkpoints) ? readdirSync(checkpoints) : [];
  return names
    .filter((name) => CHECKPOINT_NAME.test(name) && Number(name) <= upTo)
    .sort((a, b) => Number(b) - Number(a))
    .map((name) => realpathSync(path.join(checkpoints, name)));
}

/** Whether a checkpoint was made only because its run ended or was stopped there; false where it cannot be read. */
export function isExtra(checkpoint: string): boolean {
  try {
    return readCheckpointState(checkpoint).isExtra === true;
  } catch (error) {
    if (error instanceof WeightsError) return false;
    throw error;
  }
}
