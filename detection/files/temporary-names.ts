import path from 'node:path';

/** `.NAME.PID.tmp` of what is being written; with `.removed`, of what has been replaced or is being removed. */
const TEMPORARY_NAME = /^\.(.+)\.(\d+)\.tmp(\.removed)?$/s;

/** The name under which this process writes a file, a folder or a link: beside it, so that a rename suffices. */
export function temporaryName(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.tmp`);
}

/** The name under which this process keeps a folder that is to go. */
export function removedName(target: string): string {
  return `${temporaryName(target)}.removed`;
}

/** What a temporary name says. */
export interface TemporaryName {
  /** Of what is being written, in the same folder. */
  readonly target: string;
  /** Number of the process that writes it. */
  readonly pid: number;
  /** Whether `removedName` gave it. */
  readonly isRemoved: boolean;
}

/**
 * Takes a temporary name apart; undefined for any other name.
 *
 * @param name without its folder.
 */
export function parseTemporaryName(name: string): TemporaryName | undefined {
  const match = TEMPORARY_NAME.exec(name);
  return match ? { target: match[1], pid: Number(match[2]), isRemoved: match[3] !== undefined } : undefined;
}
