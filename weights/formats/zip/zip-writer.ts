import { crc32 } from 'node:zlib';
import { IN_ZIP64, ZIP64_EXTRA, ZIP_SIGNATURES, ZIP_SIZES } from './zip-archive';

/** torch maps files into memory, and wants storages at such addresses. */
const ALIGNMENT = 64;
/** The extra field that torch pads with. */
const PADDING_EXTRA = 0x4246;
const EXTRA_HEADER = 4;
const LOCAL_ZIP64 = EXTRA_HEADER + 16;
const DIRECTORY_ZIP64 = EXTRA_HEADER + 24;
/** What ZIP64 asks of a reader: version 4.5. */
const VERSION_NEEDED = 45;
/** Names are in UTF-8. */
const UTF8_FLAG = 0x0800;
/** 1 January 1980, the first day of ZIP: the same weights make the same file. */
const DATE = 0x21;
const IN_ZIP64_16 = 0xffff;

/**
 * The parts of a ZIP archive of entries stored as they are, in the order given. Sizes and positions are in ZIP64 records
 * throughout, so that there is one way of writing, whatever the size. The parts share the memory of the data.
 */
export function* zipArchive(entries: Iterable<readonly [string, Uint8Array]>): Generator<Uint8Array> {
  const directory: Buffer[] = [];
  let position = 0;
  for (const [name, data] of entries) {
    const nameBytes = Buffer.from(name);
    const crc = crc32(data);
    const header = localHeader(nameBytes, data.length, crc, position);
    directory.push(directoryHeader(nameBytes, data.length, crc, position));
    yield header;
    yield data;
    position += header.length + data.length;
  }
  const size = directory.reduce((sum, header) => sum + header.length, 0);
  yield* directory;
  yield directoryEnd(directory.length, size, position);
}

function localHeader(name: Buffer, size: number, crc: number, position: number): Buffer {
  const unpadded = ZIP_SIZES.localHeader + name.length + LOCAL_ZIP64 + EXTRA_HEADER;
  const padding = (ALIGNMENT - ((position + unpadded) % ALIGNMENT)) % ALIGNMENT;
  const header = Buffer.alloc(unpadded + padding);
  header.writeUInt32LE(ZIP_SIGNATURES.localHeader);
  writeCommonFields(header, 4, crc, name.length, header.length - ZIP_SIZES.localHeader - name.length);
  name.copy(header, ZIP_SIZES.localHeader);
  const extra = writeZip64(header, ZIP_SIZES.localHeader + name.length, [size, size]);
  header.writeUInt16LE(PADDING_EXTRA, extra);
  header.writeUInt16LE(padding, extra + 2);
  return header;
}

function directoryHeader(name: Buffer, size: number, crc: number, position: number): Buffer {
  const header = Buffer.alloc(ZIP_SIZES.directoryHeader + name.length + DIRECTORY_ZIP64);
  header.writeUInt32LE(ZIP_SIGNATURES.directoryHeader);
  header.writeUInt16LE(VERSION_NEEDED, 4);
  writeCommonFields(header, 6, crc, name.length, DIRECTORY_ZIP64);
  header.writeUInt32LE(IN_ZIP64, 42);
  name.copy(header, ZIP_SIZES.directoryHeader);
  writeZip64(header, ZIP_SIZES.directoryHeader + name.length, [size, size, position]);
  return header;
}

/** What a local header and one of the directory have in common: version, flags, method, time, CRC, lengths. */
function writeCommonFields(
  header: Buffer,
  at: number,
  crc: number,
  nameLength: number,
  extraLength: number,
): void {
  header.writeUInt16LE(VERSION_NEEDED, at);
  header.writeUInt16LE(UTF8_FLAG, at + 2);
  header.writeUInt16LE(DATE, at + 8);
  header.writeUInt32LE(crc, at + 10);
  header.writeUInt32LE(IN_ZIP64, at + 14);
  header.writeUInt32LE(IN_ZIP64, at + 18);
  header.writeUInt16LE(nameLength, at + 22);
  header.writeUInt16LE(extraLength, at + 24);
}

/** Returns where the record ends. */
function writeZip64(header: Buffer, at: number, values: readonly number[]): number {
  header.writeUInt16LE(ZIP64_EXTRA, at);
  header.writeUInt16LE(8 * values.length, at + 2);
  values.forEach((value, k) => header.writeBigUInt64LE(BigInt(value), at + EXTRA_HEADER + 8 * k));
  return at + EXTRA_HEADER + 8 * values.length;
}

function directoryEnd(count: number, size: number, position: number): Buffer {
  const { zip64DirectoryEnd, zip64Locator, directoryEnd } = ZIP_SIZES;
  const end = Buffer.alloc(zip64DirectoryEnd + zip64Locator + directoryEnd);
  end.writeUInt32LE(ZIP_SIGNATURES.zip64DirectoryEnd);
  end.writeBigUInt64LE(BigInt(zip64DirectoryEnd - 12), 4); // without signature and this field
  end.writeUInt16LE(VERSION_NEEDED, 12);
  end.writeUInt16LE(VERSION_NEEDED, 14);
  [count, count, size, position].forEach((value, k) => end.writeBigUInt64LE(BigInt(value), 24 + 8 * k));
  const locator = zip64DirectoryEnd;
  end.writeUInt32LE(ZIP_SIGNATURES.zip64Locator, locator);
  end.writeBigUInt64LE(BigInt(position + size), locator + 8);
  end.writeUInt32LE(1, locator + 16); // disks
  const last = locator + zip64Locator;
  end.writeUInt32LE(ZIP_SIGNATURES.directoryEnd, last);
  end.writeUInt16LE(Math.min(count, IN_ZIP64_16), last + 8);
  end.writeUInt16LE(Math.min(count, IN_ZIP64_16), last + 10);
  end.writeUInt32LE(Math.min(size, IN_ZIP64), last + 12);
  end.writeUInt32LE(Math.min(position, IN_ZIP64), last + 16);
  return end;
}
