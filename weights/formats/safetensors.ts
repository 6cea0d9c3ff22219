import type { ByteSource } from './byte-source';
import { jsonKeys } from './json-keys';
import { ELEMENT_SIZE, firstNonFinite, type ElementType, type StoredTensor } from './stored-tensor';
import { elementCount, isShape } from './strided';
import { quoted, WeightsError } from './weights-error';

/**
 * The safetensors format, as huggingface/safetensors reads it: u64 length of the header, the header in JSON
 * (name -> { dtype, shape, data_offsets } and `__metadata__`: string -> string), then the data without gaps.
 */
export interface SafetensorsFile {
  /** Tensors by name, in the order of the header. */
  readonly tensors: Map<string, StoredTensor>;
  /** The texts of `__metadata__`, by key. */
  readonly metadata: Record<string, string>;
}

/** Enough for 80,000 tensors. The reference implementation reads 100 MB, which as JSON can take gigabytes of memory. */
const MAX_HEADER_BYTES = 8_000_000;
const METADATA = '__metadata__';
/** What fills the header up to a multiple of eight bytes. */
const SPACE = 0x20;

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Into the data, which begins after the header. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Parses a file, each tensor into memory of its own. Nothing of Node: pages read files this way.
 *
 * @param file for messages.
 * @throws WeightsError that names the file and the entry when anything about it is wrong, with `requireFinite`
 *   also when a value is NaN or infinite.
 */
export function parseSafetensors(
  source: ByteSource,
  file: string,
  options: { requireFinite?: boolean } = {},
): SafetensorsFile {
  const fileBytes = source.size;
  if (fileBytes < 8)
    throw new WeightsError(
      'safetensors-short',
      { file, bytes: fileBytes },
      `is not a safetensors file (${fileBytes} bytes)`,
    );
  const headerBytes = Number(new DataView(source.readAt(0, 8).buffer).getBigUint64(0, true));
  if (headerBytes > fileBytes - 8) {
    const reason = `is not a safetensors file, or it is truncated: its header would have ${headerBytes} bytes`;
    throw new WeightsError(
      'safetensors-header-cut',
      { file, headerBytes, fileBytes },
      `${reason} of ${fileBytes}`,
    );
  }
  if (headerBytes > MAX_HEADER_BYTES) {
    const reason = `has a header of ${headerBytes} bytes; ${MAX_HEADER_BYTES} are read, enough for any weights`;
    throw new WeightsError('safetensors-header-long', { file, headerBytes, limit: MAX_HEADER_BYTES }, reason);
  }
  const { entries, metadata } = parseHeader(file, source.readAt(8, headerBytes));
  checkOffsets(file, entries, fileBytes - 8 - headerBytes);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, type, shape, begin, end } of entries) {
    const tensor = { type, shape, bytes: source.readAt(8 + headerBytes + begin, end - begin) };
    const position = options.requireFinite ? firstNonFinite(tensor) : -1;
    if (position >= 0)
      throw new WeightsError(
        'weights-not-finite',
        { file, entry: name, element: position },
        `element ${position} is NaN or infinite`,
      );
    tensors.set(name, tensor);
  }
  return { tensors, metadata };
}

/**
 * The bytes of a file, in pieces. The header names the tensors in the order given. Their data lie by falling size
 * of the elements, then by name, as the reference implementation lays them, so that each is aligned.
 *
 * @param file for messages.
 * @throws WeightsError where a tensor has the name that the format keeps for itself.
 */
export function safetensorsBytes(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      ELEMENT_SIZE[b.type] - ELEMENT_SIZE[a.type] || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0),
  );
  const offsets = new Map<string, [number, number]>();
  let offset = 0;
  for (const [name, { type, shape, bytes }] of sorted) {
    if (name === METADATA)
      throw new WeightsError(
        'safetensors-reserved-name',
        { file, entry: name },
        'cannot be a tensor’s name in safetensors',
      );
    if (bytes.byteLength !== elementCount(shape) * ELEMENT_SIZE[type]) {
      throw new Error(`${name}: ${bytes.byteLength} bytes do not fill ${type} [${shape.join(', ')}]`);
    }
    offsets.set(name, [offset, offset + bytes.byteLength]);
    offset += bytes.byteLength;
  }
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  for (const [name, { type, shape }] of tensors) {
    header.push([name, { dtype: type, shape, data_offsets: offsets.get(name) }]);
  }
  const json = new TextEncoder().encode(orderedJson(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(SPACE);
  padded.set(json);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(padded.length), true);
  return [new Uint8Array(length.buffer), padded, ...sorted.map(([, tensor]) => tensor.bytes)];
}

/** An object's JSON. JavaScript's own objects put names that look like indices first. */
function orderedJson(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}

function parseHeader(
  file: string,
  bytes: Uint8Array,
): { entries: Entry[]; metadata: Record<string, string> } {
  let header: unknown;
  let keys: ReturnType<typeof jsonKeys>;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
    keys = jsonKeys(text);
  } catch {
    throw new WeightsError(
      'safetensors-header-json',
      { file },
      'is not a safetensors file: its header is not JSON',
    );
  }
  if (!isObject(header))
    throw new WeightsError('safetensors-header-object', { file }, 'the header is not a JSON object');
  if (keys.twice !== undefined)
    throw new WeightsError('safetensors-duplicate', { file, entry: keys.twice }, 'occurs twice');
  const metadata: [string, string][] = [];
  const entries: Entry[] = [];
  for (const name of keys.outermost) {
    const value = header[name];
    if (name !== METADATA) entries.push(parseEntry(file, name, value));
    else if (!isObject(value))
      throw new WeightsError('safetensors-metadata', { file, entry: name }, 'is not a JSON object');
    else {
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string')
          throw new WeightsError(
            'safetensors-metadata-text',
            { file, entry: name, key },
            `${quoted(key)} is not a string`,
          );
        metadata.push([key, text]);
      }
    }
  }
  return { entries, metadata: Object.fromEntries(metadata) };
}

function parseEntry(file: string, name: string, value: unknown): Entry {
  if (!isObject(value))
    throw new WeightsError('safetensors-entry-object', { file, entry: name }, 'is not a JSON object');
  if (/\p{Surrogate}/u.test(name))
    throw new WeightsError('safetensors-name', { file, entry: name }, 'has a name that is not valid Unicode');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_SIZE, dtype)) {
    throw new WeightsError(
      'safetensors-type',
      { file, entry: name, type: dtype },
      `has the unknown type ${JSON.stringify(dtype)}`,
    );
  }
  const type = dtype as ElementType;
  if (!isCountArray(shape) || !isShape(shape))
    throw new WeightsError(
      'safetensors-shape',
      { file, entry: name, shape },
      `has the invalid shape ${JSON.stringify(shape)}`,
    );
  if (!isCountArray(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new WeightsError(
      'safetensors-offsets',
      { file, entry: name, offsets },
      `has the invalid data_offsets ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets;
  const size = elementCount(shape) * ELEMENT_SIZE[type];
  if (end - begin !== size) {
    const reason = `has ${end - begin} bytes, but ${type} [${shape.join(', ')}] takes ${size}`;
    throw new WeightsError(
      'safetensors-entry-bytes',
      { file, entry: name, bytes: end - begin, expected: size },
      reason,
    );
  }
  return { name, type, shape, begin, end };
}

/** Data must follow on data, from the first byte to the last. */
function checkOffsets(file: string, entries: readonly Entry[], dataBytes: number): void {
  let expected = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < expected)
      throw new WeightsError(
        'safetensors-overlap',
        { file, entry: name },
        'overlaps the data of another entry',
      );
    if (begin > expected)
      throw new WeightsError(
        'safetensors-gap',
        { file, entry: name, bytes: begin - expected },
        `leaves ${begin - expected} bytes before it unused`,
      );
    if (end > dataBytes) {
      throw new WeightsError(
        'safetensors-cut',
        { file, entry: name, end, dataBytes },
        `ends at byte ${end} of the data, but the file has only ${dataBytes}`,
      );
    }
    expected = end;
  }
  if (expected !== dataBytes) {
    throw new WeightsError(
      'safetensors-trailing',
      { file, bytes: dataBytes - expected },
      `has ${dataBytes - expected} bytes after the last entry`,
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCountArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}
