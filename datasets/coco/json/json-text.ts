import { constants, isUtf8 } from 'node:buffer';
import { utf8Length, wholeCharacters } from '../../utf8';
import { findJsonFault, placeBehind, type JsonContext, type TextPlace } from './json-error';
import { parseWithNonFinite } from './non-finite-json';

/** Puts bytes at the start of the buffer, as many as it likes. @returns how many; 0 at the end of the text. */
export type ReadBytes = (buffer: Uint8Array) => Promise<number>;

/** What is to stay of an entry of a list. @param key of the list in the root; '' where the root is the list. */
export type KeepEntry = (entry: unknown, key: string) => unknown;

/** A text is no JSON. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';

  constructor(
    /** The JsonFileError's that comes of it. */
    readonly code: string,
    /** Undefined where the text as a whole is meant. */
    readonly place: TextPlace | undefined,
    reason: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(reason);
  }
}

/**
 * Parses a text in UTF-8, which may be longer than the longest string, to what JSON.parse of all of it would give. Of a list
 * right below the root, or a root that is one, many entries are parsed at once; every other value is parsed whole.
 *
 * @param keepEntry is called with the entries of these lists, so that what nobody needs goes at once. Default: all stays.
 * @param bufferBytes How much is read and parsed at once, unless a value takes more.
 * @param nonFinite whether NaN, Infinity and -Infinity are numbers, as in Python's json
 * @throws JsonTextError
 */
export function parseJson(
  read: ReadBytes,
  keepEntry: KeepEntry = (entry) => entry,
  bufferBytes = 2 ** 20,
  nonFinite = false,
): Promise<unknown> {
  return new JsonText(read, keepEntry, bufferBytes, nonFinite).parse();
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const [TAB, LINE_FEED, RETURN, SPACE] = Buffer.from('\t\n\r ');
const [QUOTE, BACKSLASH, COMMA, COLON] = Buffer.from('"\\,:');
const [LIST, LIST_END, OBJECT, OBJECT_END] = Buffer.from('[]{}');

/** The longest text that is parsed at once, but for the brackets that are put around entries. */
const MAX_BYTES = constants.MAX_STRING_LENGTH - 2;
/** More than a message shows of what is behind a fault, and longer than any number: half of one is none, perhaps. */
const SHOWN_BYTES = 1024;
/** A value that takes so many buffers, and has not ended, may have lost a quote. */
const SUSPICIOUS_BUFFERS = 16;

class JsonText {
  private buffer: Buffer;
  /** What has been read and not parsed is from `start` to `end`. */
  private start = 0;
  private end = 0;
  /** Of `start`. */
  private place: TextPlace = { line: 1, column: 1 };

  constructor(
    private readonly read: ReadBytes,
    private readonly keepEntry: KeepEntry,
    private readonly bufferBytes: number,
    private readonly nonFinite: boolean,
  ) {
    this.buffer = Buffer.allocUnsafe(bufferBytes);
  }

  async parse(): Promise<unknown> {
    const { length } = BYTE_ORDER_MARK;
    while (this.end < length && (await this.fill()));
    if (this.buffer.subarray(0, Math.min(length, this.end)).equals(BYTE_ORDER_MARK)) this.start = length;
    const root = await this.root();
    if ((await this.next()) !== undefined) throw await this.fault({ open: [], expected: 'nothing' });
    return root;
  }

  private async root(): Promise<unknown> {
    const first = await this.next();
    if (first === LIST) return this.list([]);
    if (first === OBJECT) return this.object();
    const context: JsonContext = { open: [], expected: 'value' };
    if ((await this.delimiter(context)) !== undefined) throw await this.fault(context);
    return this.take(this.end, context);
  }

  private async object(): Promise<object> {
    this.pass(1);
    const members: [key: string, value: unknown][] = [];
    for (let key = ''; ;) {
      const isFirst = members.length === 0;
      let next = await this.next();
      if (!(isFirst && next === OBJECT_END)) {
        key = await this.key({ open: [key], expected: isFirst ? 'key or end' : 'key' });
        members.push([key, await this.member(key)]);
        next = await this.next();
      }
      if (next !== COMMA && next !== OBJECT_END) {
        throw await this.fault({ open: [key], expected: 'comma or end' });
      }
      this.pass(1);
      if (next === OBJECT_END) return Object.fromEntries(members);
    }
  }

  private async key(context: JsonContext): Promise<string> {
    const first = await this.next();
    const colon = await this.delimiter(context);
    if (first !== QUOTE || colon === undefined || this.buffer[colon] !== COLON) {
      throw await this.fault(context);
    }
    const key = (await this.take(colon, context)) as string;
    this.pass(1);
    return key;
  }

  private async member(key: string): Promise<unknown> {
    if ((await this.next()) === LIST) return this.list([key]);
    const context: JsonContext = { open: [key], expected: 'value' };
    const end = await this.delimiter(context);
    if (end === undefined) throw await this.fault(context);
    return this.take(end, context);
  }

  /** @param path of the list in the root. */
  private async list(path: readonly string[]): Promise<unknown[]> {
    this.pass(1);
    const [key = ''] = path;
    const list: unknown[] = [];
    for (;;) {
      const isFirst = list.length === 0;
      const context: JsonContext = {
        open: [...path, list.length],
        expected: isFirst ? 'value or end' : 'value',
      };
      const end = await this.delimiter(context, 'last comma');
      const delimiter = end === undefined ? undefined : this.buffer[end];
      if (end === undefined || (delimiter !== COMMA && delimiter !== LIST_END)) {
        throw await this.fault(context);
      }
      const text = this.textTo(end);
      const entries = (await this.parsed(`[${text}]`, context)) as unknown[];
      // "[1, ]" and "[, 1]"
      if (entries.length === 0 && !(isFirst && delimiter === LIST_END)) throw await this.fault(context);
      for (const entry of entries) list.push(this.keepEntry(entry, key));
      this.passText(text, end);
      this.pass(1);
      if (delimiter === LIST_END) return list;
    }
  }

  /** The value up to `end`, which is passed. */
  private async take(end: number, context: JsonContext): Promise<unknown> {
    const text = this.textTo(end);
    const value = await this.parsed(text, context);
    this.passText(text, end);
    return value;
  }

  private async parsed(text: string, context: JsonContext): Promise<unknown> {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const value = this.nonFinite ? parseWithNonFinite(text) : undefined;
      if (value === undefined) throw await this.fault(context);
      return value;
    }
  }

  /** The next byte that is no space, which then is at `start`; undefined at the end. */
  private async next(): Promise<number | undefined> {
    for (;;) {
      let at = this.start;
      while (at < this.end && isSpace(this.buffer[at])) at++;
      this.passText(this.textTo(at), at);
      if (at < this.end) return this.buffer[at];
      if (!(await this.fill())) return undefined;
    }
  }

  /** Where the next value ends, or the last that has been read whole; undefined where it does not, or has a fault. */
  private async delimiter(context: JsonContext, which?: 'last comma'): Promise<number | undefined> {
    for (;;) {
      const at = findDelimiter(this.buffer, this.start, this.end, which === 'last comma');
      if (at !== undefined) return at;
      const length = this.end - this.start;
      const isSuspicious = length === this.buffer.length && length >= SUSPICIOUS_BUFFERS * this.bufferBytes;
      if ((isSuspicious && this.hasFault(context)) || !(await this.fill())) return undefined;
    }
  }

  /** Whether JSON.parse would refuse a value of which only the beginning has been read, whatever follows. */
  private hasFault(context: JsonContext): boolean {
    const text = this.buffer.toString('utf8', this.start, this.end);
    return findJsonFault(text, context, this.nonFinite).reached < text.length - SHOWN_BYTES;
  }

  /** @throws JsonTextError where it is not UTF-8. */
  private textTo(end: number): string {
    return textOf(this.buffer.subarray(this.start, end), this.place);
  }

  /** @param numBytes that are neither a line's end nor part of a longer character. */
  private pass(numBytes: number): void {
    this.start += numBytes;
    this.place = { ...this.place, column: this.place.column + numBytes };
  }

  /** @param text up to `end`. */
  private passText(text: string, end: number): void {
    this.start = end;
    this.place = placeBehind(text, text.length, this.place);
  }

  /** Reads on. Positions in the buffer change. @returns false at the end, and where no more can be parsed at once. */
  private async fill(): Promise<boolean> {
    const { buffer } = this;
    const length = this.end - this.start;
    if (length === MAX_BYTES) return false;
    if (length === buffer.length) this.buffer = Buffer.allocUnsafe(Math.min(2 * length, MAX_BYTES));
    buffer.copy(this.buffer, 0, this.start, this.end);
    [this.start, this.end] = [0, length];
    // Pipes give little at a time.
    while (this.end < this.buffer.length) {
      const numRead = await this.read(this.buffer.subarray(this.end));
      if (numRead === 0) break;
      this.end += numRead;
    }
    return this.end > length;
  }

  /**
   * What is wrong from `start` on, where JSON.parse refuses. That the text is not UTF-8 comes first, even if only the rest
   * of it is not.
   */
  private async fault(context: JsonContext): Promise<JsonTextError> {
    const wanted = this.end - this.start + SHOWN_BYTES;
    while (this.end - this.start < wanted && (await this.fill()));
    const isCut = this.end - this.start === MAX_BYTES;
    let text: string | undefined;
    let isBlank = true;
    let endPlace = this.place;
    do {
      const length = wholeCharacters(this.buffer.subarray(this.start, this.end));
      const part = textOf(this.buffer.subarray(this.start, this.start + length), endPlace);
      text ??= part;
      isBlank &&= part.trim() === '';
      endPlace = placeBehind(part, part.length, endPlace);
      this.start += length;
    } while (await this.fill());
    if (this.start < this.end) {
      return new JsonTextError(
        'json-cut-character',
        endPlace,
        'this is not JSON: it ends here, in the middle of a character.',
      );
    }
    if (isBlank && context.open.length === 0 && context.expected === 'value') {
      return new JsonTextError('json-empty', undefined, 'the file is empty; JSON is expected.');
    }
    const { position, path, reason } = findJsonFault(text, context, this.nonFinite);
    const where = path === '' ? '' : ` (at ${path})`;
    if (isCut && position === text.length) {
      const limit = Math.floor(MAX_BYTES / 2 ** 20);
      return new JsonTextError(
        'json-value-long',
        this.place,
        `what begins here is longer than ${limit} MiB${where}. Split it.`,
        { path, mebibytes: limit },
      );
    }
    const place = placeBehind(text, position, this.place);
    return new JsonTextError('json-syntax', place, `this is not JSON: ${reason}${where}.`, { path });
  }
}

/**
 * @param start of the bytes.
 * @throws JsonTextError where they are not UTF-8.
 */
function textOf(bytes: Buffer, start: TextPlace): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const text = bytes.toString('utf8', 0, utf8Length(bytes));
  const place = placeBehind(text, text.length, start);
  throw new JsonTextError('json-utf8', place, 'this is not JSON: what begins here is not text in UTF-8.');
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB;
}

const [OTHER, IN_QUOTES, OPENING, CLOSING, SEPARATING] = [0, 1, 2, 3, 4];
/** What a byte means outside of quotes. */
const MEANINGS = new Uint8Array(256).fill(OTHER);
MEANINGS[QUOTE] = IN_QUOTES;
MEANINGS[LIST] = MEANINGS[OBJECT] = OPENING;
MEANINGS[LIST_END] = MEANINGS[OBJECT_END] = CLOSING;
MEANINGS[COMMA] = MEANINGS[COLON] = SEPARATING;

/**
 * Finds the comma, colon or closing bracket behind a value, by brackets and quotes alone: whether the value is one, and its
 * brackets are of one kind, JSON.parse will say.
 *
 * @param lastComma Go on behind commas: the result is the closing bracket or, where that is not there, the last comma.
 */
function findDelimiter(
  bytes: Uint8Array,
  start: number,
  end: number,
  lastComma: boolean,
): number | undefined {
  let depth = 0;
  let found: number | undefined;
  for (let at = start; at < end; at++) {
    const meaning = MEANINGS[bytes[at]];
    if (meaning === OTHER) continue;
    if (meaning === IN_QUOTES) {
      for (at++; at < end && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (meaning === OPENING) depth++;
    else if (depth > 0) depth -= Number(meaning === CLOSING);
    else if (lastComma && bytes[at] === COMMA) found = at;
    else return at;
  }
  return found;
}
