/** Castagnoli's polynomial (RFC 3720), bits reversed. */
const POLYNOMIAL = 0x82f63b78;
/** What TensorFlow's record files add to a rotated checksum (tsl/lib/hash/crc32c.h: kMaskDelta). */
const MASK_DELTA = 0xa282ead8;

/** The checksum's change by each value of a byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  return remainder;
});

/** CRC-32C of RFC 3720: an unsigned number of 32 bits. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) remainder = TABLE[(remainder ^ bytes[i]) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}

/** As TensorFlow's record files hold it, so that a checksum of data that holds checksums stays a good one. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
