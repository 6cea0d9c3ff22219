import type { FrameFormat } from './read-video';

/*
 * Frames as they are, each with its time: what ffmpeg reads on a pipe. Raw frames alone would have to follow each other at one
 * rate, and a phone's do not. A Matroska file (RFC 9559) whose clusters hold a frame each.
 */

/** Of times, in nanoseconds. */
const TIMESTAMP_SCALE = 1;
const VIDEO_TRACK = 1;
/** The pixel format, by the FourCC that ffmpeg has for 24 bits of red, green and blue. */
const RGB24 = Buffer.from('RGB\x18', 'latin1');
const KEY_FRAME = 0x80;
const UNKNOWN_SIZE = Buffer.from('01ffffffffffffff', 'hex');

/** What comes before the frames. @param nanoseconds how long the first is shown, 0 if that is not known */
export function matroskaHeader({ size }: FrameFormat, nanoseconds: number): Buffer {
  const ebml = element(0x1a45dfa3, [element(0x4282, Buffer.from('matroska'))]);
  const info = element(0x1549a966, [
    element(0x2ad7b1, integer(TIMESTAMP_SCALE)),
    element(0x4d80, Buffer.from('faster-rcnn')),
    element(0x5741, Buffer.from('faster-rcnn')),
  ]);
  const track = element(0xae, [
    element(0xd7, integer(VIDEO_TRACK)),
    element(0x73c5, integer(VIDEO_TRACK)),
    element(0x83, integer(1)), // video
    element(0x86, Buffer.from('V_UNCOMPRESSED')),
    ...(nanoseconds > 0 ? [element(0x23e383, integer(nanoseconds))] : []),
    element(0xe0, [
      element(0xb0, integer(size.width)),
      element(0xba, integer(size.height)),
      element(0x2eb524, RGB24),
    ]),
  ]);
  const segment = Buffer.concat([Buffer.from('18538067', 'hex'), UNKNOWN_SIZE]);
  return Buffer.concat([ebml, segment, info, element(0x1654ae6b, [track])]);
}

/** What comes before the pixels of a frame. */
export function matroskaFrame(nanoseconds: number, numBytes: number): Buffer {
  const time = element(0xe7, integer(nanoseconds));
  const block = Buffer.from([0x80 | VIDEO_TRACK, 0, 0, KEY_FRAME]); // at the time of its cluster
  const blockHead = Buffer.concat([Buffer.of(0xa3), length(block.length + numBytes)]);
  const size = time.length + blockHead.length + block.length + numBytes;
  return Buffer.concat([Buffer.from('1f43b675', 'hex'), length(size), time, blockHead, block]);
}

function element(id: number, content: Buffer | readonly Buffer[]): Buffer {
  const data = Buffer.isBuffer(content) ? content : Buffer.concat(content);
  return Buffer.concat([integer(id), length(data.length), data]);
}

/** In as few bytes as it takes. */
function integer(value: number): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

/** The length of an element, in eight bytes. */
function length(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value) | (1n << 56n));
  return bytes;
}
