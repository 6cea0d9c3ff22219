/**
 * The first key that occurs twice in one object of a JSON text, else undefined. JSON.parse keeps the last one
 * without a word. `json` is known to be valid JSON.
 */
export function duplicateKey(json: string): string | undefined {
  /** Keys so far of each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  // A string with what follows it, or a bracket: enough to see the structure of valid JSON.
  for (const [token, string, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (colon) {
      const key = JSON.parse(string) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
