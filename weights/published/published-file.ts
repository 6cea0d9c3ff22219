import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';
import type { PublishedWeights } from '../../detection/modeling/detector';
import { sha256Of } from '../file-hash';
import { cacheFolder } from './cache-folder';
import { download, type DownloadListeners } from './download';
import { PUBLISHED_URL, sha256Prefix } from './zoo';

/** What whoever asks for published weights may be told of their download. */
export interface PublishedFileOptions extends DownloadListeners {
  /** Called before a download begins; not where the file is in the cache. */
  readonly onDownload?: (published: PublishedWeights, url: string) => void;
}

/**
 * Where a published file is on this machine: in the cache, to which it is downloaded if need be.
 *
 * @throws InputError where it cannot be had, and where the file in the cache is another; the signal's reason.
 */
export async function publishedFile(
  published: PublishedWeights,
  { onDownload, ...options }: PublishedFileOptions = {},
): Promise<string> {
  const file = path.join(cacheFolder(), 'weights', published.file);
  if (!existsSync(file)) {
    const url = `${baseUrl()}/${published.file}`;
    onDownload?.(published, url);
    await download(published, url, file, options);
  } else if (!(await sha256Of(file)).startsWith(sha256Prefix(published))) {
    throw new InputError(
      'published-hash',
      `${file}: its SHA-256 is not the published one; delete it, and it will be downloaded again`,
      { file },
    );
  }
  return file;
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
