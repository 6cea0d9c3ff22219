import { isUtf8 } from 'node:buffer';

/** The number of bytes from the start that are text in UTF-8, found by bisection. */
export function utf8Length(bytes: Uint8Array): number {
  const wholeIn = (length: number): Uint8Array =>
    bytes.subarray(0, wholeCharacters(bytes.subarray(0, length)));
  let [right, wrong] = [0, bytes.length + 1];
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2);
    if (isUtf8(wholeIn(middle))) right = middle;
    else wrong = middle;
  }
  return wholeIn(right).length;
}

/** The number of bytes without a last character of which only the beginning is there. */
export function wholeCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back];
    if (byte >= 0x80 && byte < 0xc0) continue; // not the first of its character
    const characterLength = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return back < characterLength ? length - back : length;
  }
  return length;
}
