import { realpathSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';
import { removeLeftovers } from '../../detection/files/leftovers';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { requireFolderName } from '../terminal/output-files';
import type { PictureInput } from './found-picture';

/**
 * Where that goes which is written of each picture: to a file of the picture's own name, numbered where two have the same.
 * What a process that was killed has left of the same files is removed.
 *
 * @param extensionOf what takes the place of a name's extension; both begin with a dot
 * @throws InputError where the folder cannot be written to, or a file would replace one of the pictures.
 */
export function outputNames(
  option: string,
  folder: string,
  inputs: readonly PictureInput[],
  extensionOf: (extension: string) => string,
): ReadonlyMap<PictureInput, string> {
  requireFolderName(option, folder);
  const originals = new Set(inputs.map(({ file }) => realpathSync(file)));
  const taken = new Map<string, Set<string>>();
  const files = new Map<PictureInput, string>();
  for (const input of inputs) {
    const { dir, name, ext } = path.parse(input.name);
    const below = path.join(folder, dir);
    const names = taken.get(below) ?? new Set();
    taken.set(below, names);
    const extension = extensionOf(ext);
    let own = name + extension;
    for (let n = 2; names.has(own); n++) own = `${name}-${n}${extension}`;
    names.add(own);
    const file = path.join(below, own);
    if (statOrUndefined(file) && originals.has(realpathSync(file))) {
      throw new InputError(
        'overwrites-input',
        `${option} ${folder}: would overwrite the picture ${file}; choose another folder`,
        { option, file },
      );
    }
    files.set(input, file);
  }
  for (const [below, names] of taken) removeLeftovers(below, names);
  return files;
}
