/** Where a text stops being JSON. */
export interface JsonFault {
  /** Index into the text. */
  readonly position: number;
  /** Where in the data that is, like `annotations[12].bbox[2]`; empty at the top. */
  readonly path: string;
  readonly reason: string;
}

/** A list (its next index) or an object (its current key) that is still open. */
interface Frame {
  place: number | string;
}

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'comma or end' | 'nothing';

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;
const NOT_A_NUMBER = /[-+]?(?:NaN|nan|Infinity|inf)\b/y;

/**
 * Finds the first fault of a text that JSON.parse has refused: the messages of JSON.parse name the place in some
 * versions of Node and for some faults only.
 */
export function findJsonFault(text: string): JsonFault {
  const open: Frame[] = [];
  let expected: Expected = 'value';
  let position = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const [found] = pattern.exec(text) ?? [];
    position += found?.length ?? 0;
    return found;
  };
  const afterValue = (): Expected => (open.length === 0 ? 'nothing' : 'comma or end');
  const fault = (reason: string): JsonFault => ({ position, path: pathOf(open), reason });

  for (;;) {
    take(SPACE);
    const frame = open.at(-1);
    const character = text[position];
    if (character === undefined) return fault(position === 0 ? 'it is empty' : 'it ends here, unfinished');
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
      const key = take(STRING);
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
    } else if ((take(STRING) ?? take(SCALAR)) !== undefined) {
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

function pathOf(open: readonly Frame[]): string {
  let path = '';
  for (const { place } of open) {
    if (typeof place === 'number') path += `[${place}]`;
    else if (place !== '') path += path === '' ? place : `.${place}`;
  }
  return path;
}

/** Line and column, both from 1. */
export function lineAndColumn(text: string, position: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < position; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return { line, column: position - start + 1 };
}
