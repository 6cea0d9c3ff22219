import type { Command } from 'commander';
import { interruptible } from '../terminal/interruption';
import { watchRun } from '../watch/run-watch';
import { wholeNumber } from './options';

/** `rcnn watch`. */
export function watchCommand(command: Command): void {
  command
    .argument('<run>', 'folder of a run of rcnn train')
    .option('--port <n>', 'of this machine alone; 0 for any that is free', wholeNumber(0), 0)
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn watch runs/first

The address goes to the standard output. The page shows losses, evaluations, memory and validation pictures, and changes while
the run goes on; it can be opened before the first step, and after the last one. Ctrl-C ends it, and not the run.`,
    )
    .action((folder: string, { port }: { readonly port: number }) =>
      interruptible(async (signal) => {
        const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        const server = await watchRun(folder, port);
        process.stdout.write(`${server.url}\n`);
        await stopped;
        await server.close();
      }),
    );
}
