import fs from 'node:fs';
import path from 'node:path';
import { SetupError } from './errors.mjs';

/**
 * Makes a folder and those that lead to it, where they are missing. Node's own `recursive` never returns where the system
 * refuses a new folder in one that is there with "no such file", as in /proc.
 * @param {string} folder
 * @throws {SetupError}
 */
export function makeFolders(folder) {
  if (fs.existsSync(folder)) return;
  makeFolders(path.dirname(folder));
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    // Another process may have made it in the meantime.
    if (code === 'EEXIST' && fs.existsSync(folder)) return;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
    throw new SetupError(
      `the folder ${folder} cannot be made (${message}). Set FASTER_RCNN_CACHE to a folder that can.`,
    );
  }
}

/**
 * Somebody else may have set the clone up.
 * @param {string} folder of the clone, to be made or written to
 * @param {string} reason why it has to be
 * @throws {SetupError} where this user must not
 */
export function requireWritable(folder, reason) {
  const there = fs.existsSync(folder) ? folder : path.dirname(folder);
  try {
    fs.accessSync(there, fs.constants.W_OK | fs.constants.X_OK);
  } catch {
    throw new SetupError(
      `${reason}, and you must not write to ${there}, which belongs to user ${fs.statSync(there).uid}.\n` +
        'Run set-up as that user, or clone to a folder of your own.',
    );
  }
}
