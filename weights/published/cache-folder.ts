import os from 'node:os';
import path from 'node:path';

/**
 * The folder for what is downloaded: the environment variable FASTER_RCNN_CACHE, or `faster-rcnn` in the user's cache, which
 * XDG_CACHE_HOME names (`~/.cache`). The set-up keeps TensorFlow's library there too.
 */
export function cacheFolder(): string {
  const { FASTER_RCNN_CACHE: given, XDG_CACHE_HOME: home } = process.env;
  if (given) return path.resolve(given);
  return path.join(home || path.join(os.homedir(), '.cache'), 'faster-rcnn');
}
