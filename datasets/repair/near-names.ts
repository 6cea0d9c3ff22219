const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;
const DRIVE = /^[a-z]:$/i;

/** A file name taken apart at either system's separators. Of an address, its path; of Label Studio's, what it has behind `?d=`. */
export function nameParts(name: string): string[] {
  const path = ADDRESS.test(name) ? name.replace(ADDRESS, '').replace(/[?#](?!d=).*$/, '') : name;
  return path.split(/[\\/]|\?d=/).filter((part) => part !== '' && part !== '.');
}

/** What a part of a name is compared by: its Unicode form, letter case, outer blanks and percent-encoding do not count. */
export function partKey(part: string): string {
  return EVENERS.reduce((text, [, even]) => even(text), part);
}

/** How many parts, from the last one on, two names have in common by `partKey`. */
export function commonParts(a: readonly string[], b: readonly string[]): number {
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count < most && partKey(a[a.length - 1 - count]) === partKey(b[b.length - 1 - count])) count++;
  return count;
}

/**
 * What tells a name from that of a file that it can only mean: `Unicode form`, `folder and separators`. Both may look the same.
 *
 * @param file relative to the folder of the pictures, with `/`.
 */
export function differences(name: string, file: string): string {
  const [parts, fileParts] = [nameParts(name), file.split('/')];
  const common = commonParts(parts, fileParts);
  const found = new Set<string>();
  if (common < parts.length || common < fileParts.length || isRooted(name)) found.add('folder');
  if (name.includes('\\')) found.add('separators');
  for (let i = 1; i <= common; i++) {
    for (const what of partDifferences(parts.at(-i)!, fileParts.at(-i)!)) found.add(what);
  }
  const list = [...found];
  return list.length < 2 ? list.join() : `${list.slice(0, -1).join(', ')} and ${list.at(-1)!}`;
}

function isRooted(name: string): boolean {
  return ADDRESS.test(name) || /^[\\/]/.test(name) || DRIVE.test(name.slice(0, 2));
}

/** What does not count in a comparison, in the order in which it is evened out. */
const EVENERS: readonly (readonly [what: string, even: (text: string) => string])[] = [
  ['percent-encoding', decoded],
  ['blanks', (text) => text.trim()],
  ['Unicode form', (text) => text.normalize('NFC')],
  ['letter case', (text) => text.toLowerCase()],
];

/** Those without which two parts of one key would not be the same. */
function partDifferences(a: string, b: string): string[] {
  return EVENERS.filter((left) => {
    const others = EVENERS.filter((evener) => evener !== left);
    const evened = (text: string): string => others.reduce((part, [, even]) => even(part), text);
    return evened(a) !== evened(b);
  }).map(([what]) => what);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a percent sign that stands for itself
  }
}
