import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { eventFiles } from '../../../detection/engine/writers/tensorboard/event-file';
import { InputError } from '../../../detection/errors';
import { requireFolderName } from '../../terminal/output-files';

/** Where a run keeps what it writes. */
export function runFolder(output: string) {
  return {
    config: path.join(output, 'config.yaml'),
    metrics: path.join(output, 'metrics.jsonl'),
    divergence: path.join(output, 'divergence.jsonl'),
    checkpoints: path.join(output, 'checkpoints'),
    last: path.join(output, 'last'),
    best: path.join(output, 'best'),
    leftOut: path.join(output, 'left-out.json'),
    report: path.join(output, 'report.html'),
  };
}

/** The event files that are there for TensorBoard: one of each process that has trained. */
export function runEventFiles(output: string): string[] {
  return existsSync(output) ? eventFiles(output).map((name) => path.join(output, name)) : [];
}

/** @throws InputError when a new run cannot have this folder. Makes nothing. */
export function requireFreeFolder(output: string): void {
  requireFolderName('--output', output);
  const names = [...Object.values(runFolder(output)), ...runEventFiles(output)];
  if (names.some((name) => existsSync(name))) {
    throw new InputError(
      'run-exists',
      `${output}: already contains a run. Choose another folder with --output, or resume that run with --resume`,
      { output },
    );
  }
}

/** @throws InputError when there is no run to go on with. */
export function requireRun(output: string): void {
  if (!existsSync(runFolder(output).config)) {
    const what = existsSync(output) && readdirSync(output).length > 0 ? 'contains no run' : 'there is no run';
    throw new InputError('no-run', `${output}: ${what} to resume; leave out --resume to start one`, {
      output,
    });
  }
}
