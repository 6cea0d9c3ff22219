import { extname } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread of this program. Compiled code starts compiled code; sources, run by ts-node or jest, start sources.
 *
 * @param entry path of its file, without the extension
 */
export function startThread(entry: string, options: WorkerOptions = {}): Worker {
  const extension = extname(__filename);
  const execArgv =
    extension === '.ts' ? ['-r', require.resolve('ts-node/register/transpile-only')] : undefined;
  return new Worker(`${entry}${extension}`, { ...options, execArgv });
}
