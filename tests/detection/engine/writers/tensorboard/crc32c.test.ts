import { crc32c, maskedCrc32c } from '../../../../../detection/engine/writers/tensorboard/crc32c';

describe('crc32c', () => {
  it('has the values of RFC 3720, appendix B.4, and the usual check value', () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(ascending)).toBe(0x46dd794e);
    expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it("is masked as in the first bytes of TensorFlow's own event files", () => {
    // 18 00 00 00 00 00 00 00 a3 7f 4b 22: an event of 24 bytes, its time and "brain.Event:2".
    expect(maskedCrc32c(Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0))).toBe(0x224b7fa3);
  });
});
