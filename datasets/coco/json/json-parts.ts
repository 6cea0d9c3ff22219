/** About so much text is turned into bytes at once. */
const PART_LENGTH = 2 ** 20;

/**
 * An object as JSON in UTF-8, in parts: all of it may be longer than the longest string. Each entry of a list right below the root
 * is on a line of its own.
 */
export function* jsonParts(root: object): Generator<Uint8Array> {
  let text = '';
  for (const piece of pieces(root)) {
    text += piece;
    if (text.length < PART_LENGTH) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}

function* pieces(root: object): Generator<string> {
  let before = '{\n';
  for (const [key, value] of Object.entries(root)) {
    yield `${before}${JSON.stringify(key)}: `;
    if (Array.isArray(value)) yield* listPieces(value);
    else yield JSON.stringify(value);
    before = ',\n';
  }
  yield before === ',\n' ? '\n}\n' : '{\n}\n';
}

function* listPieces(list: readonly unknown[]): Generator<string> {
  let before = '[\n';
  for (const entry of list) {
    yield before + JSON.stringify(entry);
    before = ',\n';
  }
  yield list.length === 0 ? '[]' : '\n]';
}
