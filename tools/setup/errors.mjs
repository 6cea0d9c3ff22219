/** Set-up cannot go on. The message says what is wrong and what to do; it is printed alone, the exit status is 2. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}

/** TensorFlow's native library cannot be had here. Everything else can: detection then runs on WebAssembly. */
export class NativeLibraryError extends SetupError {
  /** @override */
  name = 'NativeLibraryError';
}

/** What the file system refuses, and what to do about it. */
const REFUSALS = new Map([
  ['ENOSPC', 'the disk is full. Free some space and run set-up again.'],
  ['EDQUOT', 'your disk quota is used up. Free some space and run set-up again.'],
  ['ENOTDIR', 'its place is taken by a file. Set FASTER_RCNN_CACHE to a folder of yours.'],
  ['EACCES', 'no permission. Give yourself the rights, or set FASTER_RCNN_CACHE to a folder of yours.'],
  ['EPERM', 'not permitted. Give yourself the rights, or set FASTER_RCNN_CACHE to a folder of yours.'],
  [
    'EROFS',
    'the disk is read-only. Clone to another place, or set FASTER_RCNN_CACHE to a folder on another disk.',
  ],
]);

/**
 * What to tell the user about an error that is not a bug of ours; undefined for a bug.
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function messageOf(error) {
  if (error instanceof SetupError) return `\nset-up failed: ${error.message}`;
  if (!(error instanceof Error)) return undefined;
  const { code, path } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code?.startsWith('ERR_PARSE_ARGS'))
    return `${error.message}\nnode tools/setup/main.mjs --help lists the options.`;
  const refusal = REFUSALS.get(code ?? '');
  return refusal && `\nset-up failed: ${path ?? 'a file could not be written'}: ${refusal}`;
}
