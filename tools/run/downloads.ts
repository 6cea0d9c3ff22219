import type { WeightsOptions } from '../../weights/detectors/locate-weights';
import { formatBytes } from '../terminal/format-bytes';
import { Interrupted, interruptible } from '../terminal/interruption';
import { Progress, logLine } from '../terminal/progress';

/**
 * Runs what may download published weights: says what comes from where, and how far it is; Ctrl-C ends it.
 *
 * @throws Interrupted when the user stops it.
 */
export function sayingDownloads<T>(job: (options: WeightsOptions) => Promise<T>): Promise<T> {
  return interruptible(async (signal) => {
    let running: { readonly url: string; readonly progress: Progress } | undefined;
    try {
      return await job({
        signal,
        log: logLine,
        onDownload: ({ name, mebibytes, trainedOn }, url) => {
          const size = formatBytes(mebibytes * 2 ** 20);
          logLine(`downloading ${name} (${size}, trained on ${trainedOn}) from ${url}`);
          logLine(
            'torchvision’s license is BSD-3-Clause; the data that weights were trained on may have terms of their own',
          );
          running = { url, progress: new Progress('downloading', formatBytes) };
        },
        onProgress: (done, total) => running?.progress.update(done, total),
        onRetry: (reason, seconds) => {
          running?.progress.endLine();
          logLine(`${running?.url}: ${reason}; trying again in ${seconds} s`);
        },
      });
    } catch (error) {
      running?.progress.endLine();
      if (!running || !signal.aborted) throw error;
      throw new Interrupted(
        'Stopped. What has been downloaded is kept; the same command continues from there.',
      );
    }
  });
}
