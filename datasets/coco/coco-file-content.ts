import type { CocoFile } from './coco-file';

/** Characters that are collected before they are given out: a file may be longer than the longest string. */
const PART_LENGTH = 2 ** 20;

/**
 * A COCO file as bytes, to be written in parts: JSON with a line for each entry of its lists. Keys stay in their order.
 */
export function* cocoFileContent(file: CocoFile): Generator<Uint8Array> {
  let text = '';
  let separator = '{';
  for (const [key, value] of Object.entries(file)) {
    if (value === undefined) continue;
    text += `${separator}\n${JSON.stringify(key)}: `;
    separator = ',';
    if (!Array.isArray(value)) {
      text += JSON.stringify(value);
      continue;
    }
    let opening = '[';
    for (const entry of value) {
      text += `${opening}\n${JSON.stringify(entry)}`;
      opening = ',';
      if (text.length < PART_LENGTH) continue;
      yield Buffer.from(text);
      text = '';
    }
    text += value.length === 0 ? '[]' : '\n]';
  }
  yield Buffer.from(`${text}\n}\n`);
}
