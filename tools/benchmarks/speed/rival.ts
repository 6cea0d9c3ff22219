import type { PeerPython } from './peer-python';
import type { Forms, Rival } from './speed-case';

/** A rival that packages of Python are needed for: with its forms where they are installed. */
export async function rivalIn(
  python: PeerPython,
  { name, needs }: { readonly name: string; readonly needs: readonly string[] },
  forms: () => Forms | Promise<Forms>,
): Promise<Rival> {
  const missing = python.missing(needs);
  return { name, ...(missing === undefined ? await forms() : { missing }) };
}
