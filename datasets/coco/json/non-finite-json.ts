import { isObject } from '../entries';

/** How Python's json writes the numbers that JSON lacks. */
const NON_FINITE: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
const TOKEN = /\\.|"|-?Infinity|NaN/gs;
/** The key of an object that stands for such a number; no file has it. */
const MARK = '\u0000';

/** What JSON.parse gives, but that NaN, Infinity and -Infinity are numbers, as in Python's json; undefined where that is no JSON. */
export function parseWithNonFinite(text: string): unknown {
  let isQuoted = false;
  const marked = text.replace(TOKEN, (token) => {
    if (token === '"') isQuoted = !isQuoted;
    return isQuoted || !NON_FINITE.has(token) ? token : `{"\\u0000":"${token}"}`;
  });
  try {
    return JSON.parse(marked, (_key, value: unknown) =>
      isObject(value) && MARK in value ? NON_FINITE.get(value[MARK]) : value,
    );
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
