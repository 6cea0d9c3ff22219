import { crc32 } from 'node:zlib';
import type { BinaryFile } from '../binary-file';
import { WeightsError } from '../weights-error';

/** An entry of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Of the first byte of its data, in the file. */
  readonly position: number;
  readonly size: number;
  readonly isCompressed: boolean;
  /** 0 where the writer has computed none, as torch does when told so. */
  readonly crc: number;
}

export const ZIP_SIGNATURES = {
  localHeader: 0x04034b50,
  directoryHeader: 0x02014b50,
  directoryEnd: 0x06054b50,
  zip64DirectoryEnd: 0x06064b50,
  zip64Locator: 0x07064b50,
} as const;
export const ZIP_SIZES = {
  localHeader: 30,
  directoryHeader: 46,
  directoryEnd: 22,
  zip64DirectoryEnd: 56,
  zip64Locator: 20,
} as const;
/** Stands where the number is in a ZIP64 record. */
export const IN_ZIP64 = 0xffffffff;
export const ZIP64_EXTRA = 0x0001;

const MAX_COMMENT_BYTES = 0xffff;
/** Any detector has less than a thousand tensors. */
const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY_BYTES = 1 << 26;
const STORED = 0;
const ENCRYPTED_FLAG = 1;

/**
 * The entries of a ZIP archive (APPNOTE.TXT 6.3, with ZIP64) by name. Encrypted ones are refused.
 *
 * @throws WeightsError where the archive is damaged, entries overlap, or a name is none of a file within a folder.
 */
export function readZipDirectory(file: BinaryFile): Map<string, ZipEntry> {
  const { begin, size: directorySize, count } = findDirectory(file);
  const directory = viewOf(file.readAt(begin, directorySize));
  const entries = new Map<string, ZipEntry>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  let at = 0;
  for (let k = 0; k < count; k++) {
    if (
      at + ZIP_SIZES.directoryHeader > directorySize ||
      directory.getUint32(at, true) !== ZIP_SIGNATURES.directoryHeader
    ) {
      throw new WeightsError(
        'zip-directory-entry',
        { file: file.name, number: k + 1, count },
        `has a damaged zip directory: entry ${k + 1} of ${count} is missing`,
      );
    }
    const header = readHeader(file, directory, at);
    at = header.end;
    const { name } = header;
    if (entries.has(name))
      throw new WeightsError('zip-duplicate', { file: file.name, entry: name }, 'occurs twice');
    const position = dataPosition(file, name, header.localHeader, begin);
    const end = position + header.storedSize;
    if (end > begin) {
      const reason = `ends at byte ${end}, but the zip directory begins at ${begin}`;
      throw new WeightsError(
        'zip-entry-end',
        { file: file.name, entry: name, end, directoryBegin: begin },
        reason,
      );
    }
    const { size, isCompressed, crc } = header;
    entries.set(name, { name, position, size, isCompressed, crc });
    ranges.push({ name, begin: header.localHeader, end });
  }
  if (at !== directorySize)
    throw new WeightsError(
      'zip-directory-length',
      { file: file.name },
      'has a damaged zip directory: it does not end where it should',
    );
  ranges.sort((a, b) => a.begin - b.begin);
  for (let k = 1; k < ranges.length; k++) {
    if (ranges[k].begin < ranges[k - 1].end) {
      throw new WeightsError(
        'zip-overlap',
        { file: file.name, entry: ranges[k].name, other: ranges[k - 1].name },
        `overlaps ${JSON.stringify(ranges[k - 1].name)}`,
      );
    }
  }
  return entries;
}

/**
 * An entry's bytes, in memory of their own. Entries are stored as they are, as torch writes them; compressed ones are
 * refused, so that nothing can be larger than the file.
 *
 * @throws WeightsError where the entry is compressed, or is not what was written.
 */
export function readZipEntry(
  file: BinaryFile,
  { name, position, size, isCompressed, crc }: ZipEntry,
): Uint8Array<ArrayBuffer> {
  if (isCompressed) {
    const reason = 'is compressed; PyTorch stores entries as they are, and only such files are read';
    throw new WeightsError('zip-compressed', { file: file.name, entry: name }, reason);
  }
  const bytes = file.readAt(position, size);
  if (crc !== 0 && crc32(bytes) !== crc) {
    throw new WeightsError(
      'zip-checksum',
      { file: file.name, entry: name },
      'is damaged: its CRC-32 is not the one in the zip directory',
    );
  }
  return bytes;
}

function findDirectory(file: BinaryFile): { begin: number; size: number; count: number } {
  const damaged = (code: string, reason: string, facts = {}): WeightsError =>
    new WeightsError(code, { file: file.name, ...facts }, reason);
  const tailBegin = Math.max(0, file.size - ZIP_SIZES.directoryEnd - MAX_COMMENT_BYTES);
  const tail = viewOf(file.readAt(tailBegin, file.size - tailBegin));
  let at = tail.byteLength - ZIP_SIZES.directoryEnd;
  const isEnd = (): boolean =>
    tail.getUint32(at, true) === ZIP_SIGNATURES.directoryEnd &&
    tail.getUint16(at + 20, true) === tail.byteLength - at - ZIP_SIZES.directoryEnd;
  while (at >= 0 && !isEnd()) at--;
  if (at < 0) throw damaged('zip-cut', 'is a truncated zip archive: the directory at its end is missing');
  if (tail.getUint16(at + 4, true) !== tail.getUint16(at + 6, true))
    throw damaged('zip-divided', 'is a part of a split zip archive');
  let count = tail.getUint16(at + 10, true);
  let size = tail.getUint32(at + 12, true);
  let begin = tail.getUint32(at + 16, true);
  let end = tailBegin + at;
  const locator = at - ZIP_SIZES.zip64Locator;
  if (locator >= 0 && tail.getUint32(locator, true) === ZIP_SIGNATURES.zip64Locator) {
    const position = Number(tail.getBigUint64(locator + 8, true));
    if (position + ZIP_SIZES.zip64DirectoryEnd > tailBegin + locator)
      throw damaged('zip-directory-damaged', 'has a damaged zip directory');
    const record = viewOf(file.readAt(position, ZIP_SIZES.zip64DirectoryEnd));
    if (record.getUint32(0, true) !== ZIP_SIGNATURES.zip64DirectoryEnd)
      throw damaged('zip-directory-damaged', 'has a damaged zip directory');
    count = Number(record.getBigUint64(32, true));
    size = Number(record.getBigUint64(40, true));
    begin = Number(record.getBigUint64(48, true));
    end = position;
  }
  if (begin + size !== end)
    throw damaged('zip-directory-place', 'has a damaged zip directory: it is not where its end says');
  if (count > MAX_ENTRIES || size > MAX_DIRECTORY_BYTES) {
    throw damaged(
      'zip-directory-size',
      `has ${count} entries of ${size} bytes in its zip directory; no file of weights has as many`,
      { count, bytes: size },
    );
  }
  return { begin, size, count };
}

function readHeader(
  file: BinaryFile,
  directory: DataView<ArrayBuffer>,
  at: number,
): Omit<ZipEntry, 'position'> & { storedSize: number; localHeader: number; end: number } {
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((k) => directory.getUint16(at + k, true));
  const nameBegin = at + ZIP_SIZES.directoryHeader;
  const extraBegin = nameBegin + nameLength;
  const end = extraBegin + extraLength + commentLength;
  if (end > directory.byteLength)
    throw new WeightsError('zip-directory-damaged', { file: file.name }, 'has a damaged zip directory');
  const name = Buffer.from(directory.buffer, nameBegin, nameLength).toString('utf8');
  checkName(file, name);
  const fault = (code: string, reason: string, facts = {}): WeightsError =>
    new WeightsError(code, { file: file.name, entry: name, ...facts }, reason);
  if (directory.getUint16(at + 8, true) & ENCRYPTED_FLAG) throw fault('zip-encrypted', 'is encrypted');
  const isCompressed = directory.getUint16(at + 10, true) !== STORED;
  let storedSize = directory.getUint32(at + 20, true);
  let size = directory.getUint32(at + 24, true);
  let localHeader = directory.getUint32(at + 42, true);
  if (storedSize === IN_ZIP64 || size === IN_ZIP64 || localHeader === IN_ZIP64) {
    // In this order, and only those that are not in the header.
    const values = zip64Values(directory, extraBegin, extraLength);
    const next = (): number => {
      const value = values.shift();
      if (value === undefined) throw fault('zip-no-zip64', 'has no ZIP64 record, which its header refers to');
      return value;
    };
    if (size === IN_ZIP64) size = next();
    if (storedSize === IN_ZIP64) storedSize = next();
    if (localHeader === IN_ZIP64) localHeader = next();
  }
  if (storedSize !== size && !isCompressed)
    throw fault('zip-stored-size', `is stored in ${storedSize} bytes, but has ${size}`, { storedSize, size });
  return { name, size, storedSize, isCompressed, crc: directory.getUint32(at + 16, true), localHeader, end };
}

function zip64Values(directory: DataView<ArrayBuffer>, begin: number, length: number): number[] {
  for (let at = begin; at + 4 <= begin + length;) {
    const fieldEnd = at + 4 + directory.getUint16(at + 2, true);
    if (directory.getUint16(at, true) === ZIP64_EXTRA) {
      const values: number[] = [];
      for (let k = at + 4; k + 8 <= Math.min(fieldEnd, begin + length); k += 8) {
        values.push(Number(directory.getBigUint64(k, true)));
      }
      return values;
    }
    at = fieldEnd;
  }
  return [];
}

/** Data follow the local header, its name and its extra field, which torch pads for alignment. */
function dataPosition(file: BinaryFile, name: string, localHeader: number, directoryBegin: number): number {
  const wrong = new WeightsError(
    'zip-entry-place',
    { file: file.name, entry: name },
    'is not where the zip directory says',
  );
  if (localHeader + ZIP_SIZES.localHeader > directoryBegin) throw wrong;
  const header = viewOf(file.readAt(localHeader, ZIP_SIZES.localHeader));
  if (header.getUint32(0, true) !== ZIP_SIGNATURES.localHeader) throw wrong;
  const nameBegin = localHeader + ZIP_SIZES.localHeader;
  const nameLength = header.getUint16(26, true);
  if (nameBegin + nameLength > directoryBegin) throw wrong;
  if (Buffer.from(file.readAt(nameBegin, nameLength)).toString('utf8') !== name) throw wrong;
  return nameBegin + nameLength + header.getUint16(28, true);
}

/** Nothing is ever unpacked under these names; a file that has such is no good one all the same. */
function checkName(file: BinaryFile, name: string): void {
  const parts = name.replace(/\/$/, '').split('/'); // folders end with a slash
  const isSafe = !/[\\\0\ufffd]/.test(name) && parts.every((part) => part !== '..' && part !== '');
  if (!isSafe)
    throw new WeightsError(
      'zip-entry-name',
      { file: file.name, entry: name.slice(0, 200) },
      'is not a name of a file within an archive',
    );
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
