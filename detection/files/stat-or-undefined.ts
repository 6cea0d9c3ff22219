import { statSync } from 'node:fs';

/** Like statSync, but undefined for whatever cannot be looked at: it is not there, or its path leads below a file. */
export function statOrUndefined(name: string): ReturnType<typeof statSync> {
  try {
    return statSync(name, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
