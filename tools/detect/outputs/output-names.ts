import { realpathSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { removeLeftovers } from '../../../detection/files/leftovers';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { logLine } from '../../terminal/progress';
import { requireFolderName } from '../../terminal/output-files';
import type { PictureInput } from './found-picture';

/** How files are named that are written of pictures. */
export interface OutputNaming {
  /** The option that names the folder. */
  readonly option: string;
  readonly folder: string;
  /** What takes the place of a name's extension; both begin with a dot. */
  readonly extensionOf: (extension: string) => string;
  /** A name in the folder that no picture's file may get. */
  readonly reserved?: string;
}

/**
 * Where that goes which is written of each picture: to a file of the picture's own name, numbered where two have the same.
 * What a process that was killed has left of the same files is removed.
 *
 * @throws InputError where the folder cannot be written to, or a file would replace one of the pictures.
 */
export function outputNames(
  inputs: readonly PictureInput[],
  { option, folder, extensionOf, reserved }: OutputNaming,
): ReadonlyMap<PictureInput, string> {
  requireFolderName(option, folder);
  const guard = new InputGuard(option, folder, inputs);
  const taken = new Map([[path.join(folder), new Set(reserved === undefined ? [] : [reserved])]]);
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
    guard.check(path.join(below, own));
    files.set(input, path.join(below, own));
  }
  for (const [below, names] of taken) removeLeftovers(below, names);
  return files;
}

/** The same for files that others match with pictures by their names: says where that will not succeed. */
export function labelNames(
  inputs: readonly PictureInput[],
  naming: OutputNaming,
): ReadonlyMap<PictureInput, string> {
  const files = outputNames(inputs, naming);
  const stem = (file: string) => path.parse(file).name;
  const numbered = [...files].filter(([{ name }, file]) => stem(name) !== stem(file));
  if (numbered.length > 0) {
    const [[{ file: picture }, file]] = numbered;
    logLine(
      `${naming.option}: ${numbered.length} of ${inputs.length} pictures have the name of another but for their extension, and ` +
        `their files a number: ${file} is of ${picture}`,
    );
  }
  return files;
}

/** Keeps outputs from replacing the pictures that they are made of. */
export class InputGuard {
  private readonly originals: ReadonlySet<string>;

  constructor(
    private readonly option: string,
    private readonly folder: string,
    inputs: readonly PictureInput[],
  ) {
    this.originals = new Set(inputs.map(({ file }) => realpathSync(file)));
  }

  /** @throws InputError where this file is one of the inputs. */
  check(file: string): void {
    if (!statOrUndefined(file) || !this.originals.has(realpathSync(file))) return;
    throw new InputError(
      'overwrites-input',
      `${this.option} ${this.folder}: would overwrite the picture ${file}; choose another folder`,
      { option: this.option, file },
    );
  }
}
