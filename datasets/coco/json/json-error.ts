import { truncateText } from '../../../detection/errors';

/** Where a text stops being JSON. */
export interface JsonFault {
  /** Index into the text. */
  readonly position: number;
  /** Where in the data that is, like `annotations[12].bbox[2]`; empty at the top. */
  readonly path: string;
  readonly reason: string;
  /** How far the text has been looked at: what comes behind that has no part in the fault. */
  readonly reached: number;
}

/** A list (its next index) or an object (its current key) that is still open. */
interface Frame {
  place: number | string;
}

/** Where a text begins that is part of a longer one. */
export interface JsonContext {
  /** The lists (the index of the next entry) and objects (the latest key, '' before the first) around it. */
  readonly open: readonly (number | string)[];
  readonly expected: Expected;
}

export type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'comma or end' | 'nothing';

const SPACE = /[ \t\n\r]*/y;
// Not one expression for all of a string: the many steps back of a long one would not fit into the stack.
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y;
const ESCAPED_CHARACTER = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;
/** As Python's json has it. */
const SCALAR_OR_NON_FINITE = new RegExp(`${SCALAR.source}|(?:NaN|-?Infinity)(?![\\w.])`, 'y');
const NOT_A_NUMBER = /[-+]?(?:NaN|nan|Infinity|inf)\b/y;

/**
 * Finds the first fault of a text that JSON.parse has refused: the messages of JSON.parse name the place in some
 * versions of Node and for some faults only.
 *
 * @param nonFinite whether NaN and Infinity are numbers
 */
export function findJsonFault(text: string, context: JsonContext, nonFinite = false): JsonFault {
  const open: Frame[] = context.open.map((place) => ({ place }));
  let expected = context.expected;
  let position = 0;
  let reached = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const [found] = pattern.exec(text) ?? [];
    position += found?.length ?? 0;
    return found;
  };
  const takeString = (): string | undefined => {
    const start = position;
    if (text[start] !== '"') return undefined;
    position++;
    do take(PLAIN_CHARACTERS);
    while (take(ESCAPED_CHARACTER) !== undefined);
    if (text[position] === '"') return text.slice(start, ++position);
    reached = position;
    position = start;
    return undefined;
  };
  const afterValue = (): Expected => (open.length === 0 ? 'nothing' : 'comma or end');
  const fault = (reason: string): JsonFault => ({
    position,
    path: pathOf(open),
    reason,
    reached: Math.max(position, reached),
  });

  for (;;) {
    take(SPACE);
    const frame = open.at(-1);
    const character = text[position];
    if (character === undefined) return fault('it is truncated here');
    const ends = expected.endsWith('or end');
    const closing = typeof frame?.place === 'number' ? ']' : '}';

    if (ends && character === closing) {
      position++;
      open.pop();
      expected = afterValue();
    } else if (expected === 'comma or end') {
      if (character !== ',') return fault(`"," or "${closing}" expected, not ${shown(text, position)}`);
      position++;
      if (typeof frame!.place === 'number') frame!.place++;
      expected = typeof frame!.place === 'number' ? 'value' : 'key';
    } else if (expected === 'key' || expected === 'key or end') {
      const key = takeString();
      if (key === undefined) return fault(`a key in double quotes expected, not ${shown(text, position)}`);
      frame!.place = JSON.parse(key) as string;
      take(SPACE);
      if (text[position] !== ':') return fault(`":" expected, not ${shown(text, position)}`);
      position++;
      expected = 'value';
    } else if (expected === 'nothing') {
      return fault(`the end expected, not ${shown(text, position)}`);
    } else if (character === '{' || character === '[') {
      position++;
      open.push({ place: character === '[' ? 0 : '' });
      expected = character === '[' ? 'value or end' : 'key or end';
    } else if ((takeString() ?? take(nonFinite ? SCALAR_OR_NON_FINITE : SCALAR)) !== undefined) {
      expected = afterValue();
    } else {
      const number = take(NOT_A_NUMBER);
      if (number !== undefined) {
        position -= number.length;
        return fault(`${number} is not a number in JSON`);
      }
      if (character === '"')
        return fault('the text that begins here is unfinished or holds a wrong character');
      return fault(`a value expected, not ${shown(text, position)}`);
    }
  }
}

function shown(text: string, position: number): string {
  return position < text.length ? JSON.stringify(text.slice(position, position + 12)) : 'the end';
}

/** Deeper and longer than anything that has a meaning here. */
const MAX_SHOWN_PLACES = 12;
const MAX_SHOWN_KEY = 60;

function pathOf(open: readonly Frame[]): string {
  let path = '';
  for (const { place } of open.slice(0, MAX_SHOWN_PLACES)) {
    if (typeof place === 'number') path += `[${place}]`;
    else if (place !== '') path += `${path === '' ? '' : '.'}${truncateText(place, MAX_SHOWN_KEY)}`;
  }
  return open.length > MAX_SHOWN_PLACES ? `${path}...` : path;
}

/** Both from 1; columns count as strings do. */
export interface TextPlace {
  /** Line number, from 1. */
  readonly line: number;
  /** Column in the line, from 1. */
  readonly column: number;
}

/** The place of `position` in a text that begins at `start`. */
export function placeBehind(text: string, position: number, start: TextPlace): TextPlace {
  let { line, column } = start;
  let lineStart = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < position; end = text.indexOf('\n', lineStart)) {
    line++;
    column = 1;
    lineStart = end + 1;
  }
  return { line, column: column + position - lineStart };
}
