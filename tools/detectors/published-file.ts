import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';
import type { PublishedWeights } from '../../detection/modeling/detector';
import { download } from '../../weights/published/download';
import { sha256Of } from '../../weights/file-hash';
import { PUBLISHED_URL, sha256Prefix } from '../../weights/published/zoo';
import { formatBytes } from '../terminal/format-bytes';
import { Interrupted, interruptible } from '../terminal/interruption';
import { Progress, say } from '../terminal/progress';

/**
 * Where a published file is on this machine: in the cache, to which it is downloaded if need be.
 *
 * @throws InputError where it cannot be had, and where the file in the cache is another. Interrupted when the user
 *   stops the download.
 */
export async function publishedFile(published: PublishedWeights): Promise<string> {
  const file = path.join(cacheFolder(), 'weights', published.file);
  if (!existsSync(file)) await fetchPublished(published, file);
  else if (!(await sha256Of(file)).startsWith(sha256Prefix(published))) {
    throw new InputError(
      'published-hash',
      `${file}: its SHA-256 is not the published one; delete it, and it will be downloaded anew`,
      { file },
    );
  }
  return file;
}

async function fetchPublished(published: PublishedWeights, file: string): Promise<void> {
  const url = `${baseUrl()}/${published.file}`;
  const size = formatBytes(published.mebibytes * 2 ** 20);
  say(`downloading ${published.name} (${size}, trained on ${published.trainedOn}) from ${url}`);
  say(
    'torchvision’s licence is BSD-3-Clause; the data that weights were trained on may bring terms of their own',
  );
  await interruptible(async (signal) => {
    const progress = new Progress('downloading', formatBytes);
    try {
      await download(published, url, file, {
        signal,
        onProgress: (done, total) => progress.update(done, total),
        onRetry: (reason, seconds) => {
          progress.endLine();
          say(`${url}: ${reason}; trying again in ${seconds} s`);
        },
      });
    } catch (error) {
      progress.endLine();
      if (!signal.aborted) throw error;
      throw new Interrupted(
        'Stopped. What has been downloaded is kept; the same command goes on from there.',
      );
    }
  });
}

/** The folder that tools/rcnn.mjs has found for what is downloaded. */
function cacheFolder(): string {
  const folder = process.env['FASTER_RCNN_CACHE'];
  if (folder === undefined) throw new Error('FASTER_RCNN_CACHE is not set; tools/rcnn.mjs sets it');
  return folder;
}

function baseUrl(): string {
  const given = process.env['FASTER_RCNN_WEIGHTS_URL'] ?? PUBLISHED_URL;
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw new InputError(
      'download-url',
      `FASTER_RCNN_WEIGHTS_URL is ${JSON.stringify(given)}; an http or https URL is expected`,
      { url: given },
    );
  }
  return given.replace(/\/+$/, '');
}
