/**
 * The keys of the outermost object of a JSON text, in the text's order, where JSON.parse puts those that look like
 * indices first; and the first key that occurs twice in one object, of which JSON.parse keeps the last without a word.
 * `json` is known to be valid JSON.
 */
export function jsonKeys(json: string): { outermost: string[]; twice: string | undefined } {
  /** Keys so far of each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  const outermost: string[] = [];
  // A string with what follows it, or a bracket: enough to see the structure of valid JSON.
  for (const [token, string, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (colon) {
      const key = JSON.parse(string) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return { outermost, twice: key };
      keys?.add(key);
      if (open.length === 1) outermost.push(key);
    }
  }
  return { outermost, twice: undefined };
}
