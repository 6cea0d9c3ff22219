import { MAX_DIMENSIONS } from '../strided';

/**
 * What a pickle can hold here. Bytes of protocol 2 are text of one character a byte, as they lie in the file; wherever
 * bytes are expected, either will do. Values may be shared, and may contain themselves: never walk them recursively.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array<ArrayBuffer>
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleObject;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export class PickleList {
  readonly items: PickleValue[] = [];
}

export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
  /** An OrderedDict's: what else was set on it. */
  attributes: PickleValue = null;
}

/** What a name stands for, or something that one has built. It is a value of ours; nothing of the file ever runs. */
export abstract class PickleObject {
  /** For messages: what this is. */
  abstract readonly description: string;

  /** Operation REDUCE, where there is something to call. */
  call?(given: readonly PickleValue[]): PickleValue;

  /** Operation BUILD, where there is something to complete. */
  setState?(state: PickleValue): void;
}

/** A function of ours that a name stands for. */
export class PickleFunction extends PickleObject {
  constructor(
    readonly description: string,
    override readonly call: (given: readonly PickleValue[]) => PickleValue,
  ) {
    super();
  }
}

/** A name that is only handed on as an argument. */
export class PickleName extends PickleObject {
  constructor(readonly description: string) {
    super();
  }
}

/** What is wrong with a pickle; readers say in which file. */
export class PickleError extends Error {
  override readonly name = 'PickleError';

  constructor(
    /** The WeightsError's that a reader makes of it. */
    readonly code: string,
    reason: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(reason);
  }
}

/** For messages: what kind of value this is, in Python's words. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (value instanceof PickleTuple) return 'a tuple';
  if (value instanceof PickleList) return 'a list';
  if (value instanceof PickleDict) return 'a dictionary';
  if (value instanceof PickleObject) return value.description;
  if (value instanceof Uint8Array) return 'bytes';
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'a boolean' : 'a number';
}

/** That something is not of the kind that it should be. */
export function unexpected(
  code: string,
  before: string,
  value: PickleValue | undefined,
  after = '',
): PickleError {
  const found = describeValue(value);
  return new PickleError(code, `${before} ${found}${after}`, { found });
}

/** A tuple of counts: the shape of a tensor, its strides. */
export function countsOf(value: PickleValue | undefined, what: string): number[] {
  if (!(value instanceof PickleTuple))
    throw new PickleError('pickle-no-tuple', `${what} is ${describeValue(value)}, not a tuple`, {
      what,
      found: describeValue(value),
    });
  // A tuple may be used again and again, and is copied each time.
  if (value.items.length > MAX_DIMENSIONS) {
    throw new PickleError(
      'pickle-dimensions',
      `${what} has ${value.items.length} numbers; ${MAX_DIMENSIONS} are enough`,
      { what, count: value.items.length },
    );
  }
  return value.items.map((item) => countOf(item, what));
}

/** A whole number, zero or more. */
export function countOf(value: PickleValue | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  const given = typeof value === 'number' || typeof value === 'bigint' ? String(value) : describeValue(value);
  throw new PickleError('pickle-count', `${what} holds ${given}, not a whole number from 0 to 2^53`, {
    what,
    found: given,
  });
}
