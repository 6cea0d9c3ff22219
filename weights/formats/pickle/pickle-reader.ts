import { constants } from 'node:buffer';
import type { ByteCursor } from '../byte-cursor';
import {
  PickleDict,
  PickleError,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  unexpected,
} from './pickle-values';
import { WeightsError } from '../weights-error';

/** What a pickle may refer to. */
export interface PickleContext {
  readonly file: string;
  /** For messages: where in the file the pickle is, if not all of it. */
  readonly place?: string;
  /** By `module.name`. Everything else is refused. */
  readonly globals: ReadonlyMap<string, PickleObject>;
  /** What an id stands for that lies outside of the pickle. */
  readonly persistentLoad?: (id: PickleValue) => PickleValue;
}

/** The reader knows Python's protocols 2 to 5, which begin with this operation. */
const PROTO = 0x80;
/** A large detector with its optimizer takes a hundred thousand; each may take some 300 bytes of memory. */
const MAX_OPERATIONS = 1 << 20;
/** Python's own writer cannot nest deeper. */
const MAX_OPEN_MARKS = 1000;

/**
 * Reads the one pickle that begins at the cursor, and leaves the cursor behind it.
 *
 * Nothing of the file is ever run: names stand for values of ours, listed in `context.globals`. Of the operations, those
 * are known that Python's pickler writes for state dicts and for what training programs save beside them.
 *
 * @throws WeightsError where the pickle is damaged, or asks for anything else than data.
 */
export function unpickle(cursor: ByteCursor, context: PickleContext): PickleValue {
  const begin = cursor.position;
  try {
    return new Unpickler(cursor, context).run();
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    const where = `its pickle, near byte ${cursor.position - begin},`;
    throw new WeightsError(
      error.code,
      { file: context.file, entry: context.place, ...error.facts },
      `${where} ${error.message}`,
    );
  }
}

class Unpickler {
  private readonly stack: PickleValue[] = [];
  /** Heights of the stack. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    private readonly cursor: ByteCursor,
    private readonly context: PickleContext,
  ) {}

  run(): PickleValue {
    const { cursor } = this;
    const first = cursor.uint8();
    const protocol = first === PROTO ? cursor.uint8() : 0;
    if (protocol < 2 || protocol > 5) {
      throw new PickleError('pickle-protocol', 'is not a pickle of Python’s protocols 2 to 5');
    }
    for (let count = 0; count < MAX_OPERATIONS; count++) {
      const operation = String.fromCharCode(cursor.uint8());
      if (operation === '.') {
        const result = this.pop();
        if (this.stack.length > 0)
          throw new PickleError('pickle-many-values', 'ends with more than one value');
        return result;
      }
      this.step(operation);
    }
    throw new PickleError(
      'pickle-long',
      `has more than ${MAX_OPERATIONS} operations; no file of weights needs as many`,
      { limit: MAX_OPERATIONS },
    );
  }

  private step(operation: string): void {
    const { cursor, stack } = this;
    switch (operation) {
      // Plain values.
      case 'N':
        return this.push(null);
      case '\x88':
        return this.push(true);
      case '\x89':
        return this.push(false);
      case 'J':
        return this.push(cursor.int32());
      case 'K':
        return this.push(cursor.uint8());
      case 'M':
        return this.push(cursor.uint16());
      case '\x8a':
        return this.push(wholeNumber(cursor.bytes(cursor.uint8())));
      case 'G':
        return this.push(cursor.bigEndianFloat64());
      // Text and bytes.
      case 'X':
        return this.push(this.text(cursor.uint32()));
      case '\x8c':
        return this.push(this.text(cursor.uint8()));
      case '\x8d':
        return this.push(this.text(cursor.uint64()));
      case 'U':
        return this.push(this.latin1(cursor.uint8()));
      case 'T':
        return this.push(this.latin1(cursor.uint32()));
      case 'C':
        return this.push(cursor.bytes(cursor.uint8()));
      case 'B':
        return this.push(cursor.bytes(cursor.uint32()));
      case '\x8e':
      case '\x96':
        return this.push(cursor.bytes(cursor.uint64()));
      // Tuples, lists, dictionaries.
      case '(':
        if (this.marks.push(stack.length) > MAX_OPEN_MARKS)
          throw new PickleError('pickle-nesting', 'is nested too deeply', { limit: MAX_OPEN_MARKS });
        return;
      case ')':
        return this.push(new PickleTuple([]));
      case '\x85':
      case '\x86':
      case '\x87':
        return this.push(new PickleTuple(this.popMany(operation.charCodeAt(0) - 0x84)));
      case 't':
        return this.push(new PickleTuple(this.popToMark()));
      case ']':
        return this.push(new PickleList());
      case 'a':
        return this.append([this.pop()]);
      case 'e':
        return this.append(this.popToMark());
      case '}':
        return this.push(new PickleDict());
      case 's':
        return this.setItems(this.popMany(2));
      case 'u':
        return this.setItems(this.popToMark());
      // Names and what is done with them.
      case 'c':
        return this.push(this.global(cursor.line(), cursor.line()));
      case '\x93': {
        const [module, name] = this.popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw new PickleError('pickle-name-type', 'has a name that is not text');
        return this.push(this.global(module, name));
      }
      case 'R':
      case '\x81': // makes an object of a class; here both call a function of ours
        return this.reduce();
      case 'b':
        return this.build();
      case 'Q':
        return this.push(this.persistent(this.pop()));
      // The memo.
      case 'h':
        return this.push(this.recall(cursor.uint8()));
      case 'j':
        return this.push(this.recall(cursor.uint32()));
      case 'q':
        return this.memorize(cursor.uint8());
      case 'r':
        return this.memorize(cursor.uint32());
      case '\x94':
        return this.memorize(this.memo.size);
      case '\x95':
        cursor.uint64(); // the length of a frame, which is of use for buffering only
        return;
      default: {
        const code = operation.charCodeAt(0).toString(16).padStart(2, '0');
        throw new PickleError(
          'pickle-operation',
          `has the operation 0x${code}, which data do not need: it is refused, and nothing was executed`,
          { operation: operation.charCodeAt(0) },
        );
      }
    }
  }

  private push(value: PickleValue): void {
    this.stack.push(value);
  }

  private top(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0))
      throw new PickleError('pickle-no-value', 'takes a value from an empty stack');
    return this.stack[this.stack.length - 1];
  }

  private pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  private popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw new PickleError('pickle-no-mark', 'closes something that was never opened');
    return this.stack.splice(mark);
  }

  private append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!(list instanceof PickleList)) throw unexpected('pickle-append', 'appends to', list);
    for (const item of items) list.items.push(item);
  }

  private setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) throw unexpected('pickle-set-items', 'sets items of', dict);
    if (items.length % 2 !== 0) throw new PickleError('pickle-odd-items', 'has a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i], items[i + 1]);
  }

  private global(module: string, name: string): PickleObject {
    const known = this.context.globals.get(`${module}.${name}`);
    if (known) return known;
    const asked = `${module}.${name}`.slice(0, 200);
    throw new PickleError(
      'pickle-global',
      `asks for ${asked}, which is not one of the few names that weights need and might execute code: ` +
        'it is refused, and nothing was executed; save the model’s state_dict() alone',
      { global: asked },
    );
  }

  private reduce(): void {
    const given = this.pop();
    const called = this.pop();
    if (!(called instanceof PickleObject) || !called.call) {
      throw unexpected('pickle-call', 'calls', called);
    }
    if (!(given instanceof PickleTuple)) throw unexpected('pickle-arguments', 'calls with', given);
    this.push(called.call(given.items));
  }

  private build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PickleDict) target.attributes = state;
    else if (target instanceof PickleObject && target.setState) target.setState(state);
    else throw unexpected('pickle-build', 'gives a state to', target);
  }

  private persistent(id: PickleValue): PickleValue {
    if (!this.context.persistentLoad) throw new PickleError('pickle-outside', 'refers to data outside of it');
    return this.context.persistentLoad(id);
  }

  private recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined)
      throw new PickleError('pickle-memo', `refers to value ${index} before it exists`, { index });
    return value;
  }

  private memorize(index: number): void {
    this.memo.set(index, this.top());
  }

  private text(length: number): string {
    const bytes = this.textBytes(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new PickleError('pickle-utf8', 'has text that is not UTF-8');
    }
  }

  private latin1(length: number): string {
    return Buffer.from(this.textBytes(length).buffer).toString('latin1');
  }

  private textBytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.cursor.bytes(length);
    if (length <= constants.MAX_STRING_LENGTH) return bytes;
    throw new PickleError(
      'pickle-text-long',
      `has a text of ${length} bytes; ${constants.MAX_STRING_LENGTH} can be read`,
      { length },
    );
  }
}

/** Two's complement, the lowest byte first. */
function wholeNumber(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  const digits = Buffer.from(bytes).reverse().toString('hex');
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${digits}`));
  const isSafe = BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return isSafe ? Number(value) : value;
}
