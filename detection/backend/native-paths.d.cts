// What the program asks of tools/setup/native-paths.cjs, which it knows as #native-paths.

/** `process.platform` and `process.arch`, joined by a hyphen. */
export const PLATFORM: string;

/** Path of the binding that belongs to this version, whether it is there or not; undefined on a platform without a library. */
export function bindingFile(): string | undefined;

/** Folder of what is downloaded: $FASTER_RCNN_CACHE, or faster-rcnn in the user's folder for caches. */
export function cacheFolder(): string;
