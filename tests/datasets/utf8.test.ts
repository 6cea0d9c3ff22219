import fc from 'fast-check';
import { utf8Length, wholeCharacters } from '../../datasets/utf8';

const texts = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => Buffer.from(text));

test('of a text that is cut anywhere, the characters that are whole', () => {
  fc.assert(
    fc.property(texts, fc.nat(), (bytes, at) => {
      const cut = bytes.subarray(0, at % (bytes.length + 1));
      // What a decoder gives before it has the rest of a character.
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(cut, { stream: true });
      expect(wholeCharacters(cut)).toBe(Buffer.byteLength(text));
      expect(utf8Length(cut)).toBe(Buffer.byteLength(text));
    }),
  );
});

test('bytes that are no text end it', () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(0x80, 0xc0, 0xff), texts, (before, byte, after) => {
      expect(utf8Length(Buffer.concat([before, Buffer.of(byte), after]))).toBe(before.length);
    }),
  );
});
