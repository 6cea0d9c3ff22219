import { cacheFolder as setUpsCacheFolder } from '#native-paths';

/**
 * The folder for what is downloaded: the environment variable FASTER_RCNN_CACHE, or `faster-rcnn` in the user's cache, which
 * XDG_CACHE_HOME names (`~/.cache`). The set-up keeps TensorFlow's library there too.
 */
export function cacheFolder(): string {
  return setUpsCacheFolder();
}
