import fc from 'fast-check';
import {
  boolField,
  bytesField,
  doubleField,
  floatField,
  messageField,
  signedField,
  varintField,
} from '../../../detection/files/protocol-buffers';
import { readMessage } from './read-message';

describe('protocol buffers', () => {
  it("are the bytes of the encoding guide's examples", () => {
    expect([...varintField(1, 150)]).toEqual([0x08, 0x96, 0x01]);
    expect([...bytesField(2, 'testing')]).toEqual([0x12, 0x07, ...Buffer.from('testing')]);
    expect([...bytesField(3, varintField(1, 150))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  });

  it('hold what went in, whatever it is', () => {
    const number = fc.integer({ min: 1, max: 2 ** 29 - 1 });
    const field = fc.oneof(
      fc
        .tuple(number, fc.maxSafeNat())
        .map(([n, value]) => ({ n, value: BigInt(value), bytes: varintField(n, value) })),
      fc
        .tuple(number, fc.boolean())
        .map(([n, value]) => ({ n, value: value ? 1n : 0n, bytes: boolField(n, value) })),
      fc.tuple(number, fc.double()).map(([n, value]) => ({ n, value, bytes: doubleField(n, value) })),
      fc.tuple(number, fc.float()).map(([n, value]) => ({ n, value, bytes: floatField(n, value) })),
      fc
        .tuple(number, fc.uint8Array({ maxLength: 300 }))
        .map(([n, value]) => ({ n, value: Buffer.from(value), bytes: bytesField(n, value) })),
      fc
        .tuple(number, fc.string({ unit: 'grapheme' }))
        .map(([n, value]) => ({ n, value: Buffer.from(value), bytes: bytesField(n, value) })),
    );
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const message = Buffer.concat(fields.map(({ bytes }) => bytes));
        expect(readMessage(message)).toEqual(fields.map(({ n, value }) => [n, value]));
      }),
    );
  });

  it('have whole numbers below 0 in all 64 bits', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const [[, bits]] = readMessage(signedField(3, value));
        expect(BigInt.asIntN(64, BigInt(bits as bigint))).toBe(BigInt(value));
      }),
    );
    expect(() => signedField(3, -0.5)).toThrow(RangeError);
  });

  it('hold messages of parts that are not copied', () => {
    const part = Buffer.from('part');
    const message = messageField(4, [part, part]);
    expect(message[1]).toBe(part);
    expect(Buffer.concat(message).equals(bytesField(4, 'partpart'))).toBe(true);
  });

  it.each([-1, 0.5, NaN, 2 ** 53])('refuse the whole number %p', (value) => {
    expect(() => varintField(1, value)).toThrow(RangeError);
  });
});
