import path from 'node:path';
import { synthesize } from '../../datasets/synthesis/synthesize';
import { Interrupted, interruptible } from '../terminal/interruption';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { requireFolderName } from '../terminal/output-files';
import { Progress, say } from '../terminal/progress';
import { terminalLine } from '../terminal/terminal-text';

export interface SynthesizeCommandOptions {
  readonly output: string;
  readonly numTrain?: number;
  readonly numVal?: number;
  readonly size?: number;
  readonly seed?: number;
}

/** Generates scenes; prints the folder. */
export async function runSynthesize(options: SynthesizeCommandOptions): Promise<void> {
  await generateScenes(options);
  process.stdout.write(`${terminalLine(options.output)}\n`);
}

/** Generates scenes with progress, unless they are there already. */
export async function generateScenes(options: SynthesizeCommandOptions): Promise<void> {
  // The folder is made beside its final place; where it is there already nothing may be left to write.
  if (!statOrUndefined(options.output)) {
    requireFolderName('--output', path.dirname(path.resolve(options.output)));
  }
  const progress = new Progress('scenes');
  await interruptible(async (signal) => {
    try {
      const { reused } = await synthesize({
        ...options,
        signal,
        onProgress: (done, total) => progress.update(done, total),
      });
      if (reused) say(`${options.output} holds these scenes already`);
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Stopped; nothing was written.');
      throw error;
    }
  });
}
