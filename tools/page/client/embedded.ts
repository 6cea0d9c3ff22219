import { byId } from '../../html/elements';

/** Characters of base64 that are decoded at a time: a multiple of four. */
const CHUNK = 1 << 20;

/** Bytes that stand in the page in base64. Decoded by hand: a page with a strict policy, from a file, can fetch nothing. */
export function embeddedBytes(id: string): Uint8Array<ArrayBuffer> {
  const { text } = byId(id, HTMLScriptElement);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let from = 0, to = 0; from < text.length; from += CHUNK) {
    const characters = atob(text.slice(from, from + CHUNK));
    for (let i = 0; i < characters.length; i++) bytes[to++] = characters.charCodeAt(i);
  }
  return bytes;
}
