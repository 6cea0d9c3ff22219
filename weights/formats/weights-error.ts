import { InputError, truncateText } from '../../detection/errors';

/** Names in a file may be as long as the file. */
const MAX_ENTRY_LENGTH = 200;
const MAX_REASON_LENGTH = 4000;

/** Where something is wrong with weights, and what else is known of it. */
export interface WeightsFacts {
  /** Path of the file. */
  readonly file: string;
  /** The entry at fault; left out when it is the file as a whole. */
  readonly entry?: string | undefined;
  readonly [fact: string]: unknown;
}

/** A file of weights that cannot be used: damaged, of another model, or not what it claims to be. */
export class WeightsError extends InputError {
  override readonly name = 'WeightsError';
  /** Path of the file. */
  readonly file: string;
  /** The entry at fault; undefined when it is the file as a whole. */
  readonly entry: string | undefined;

  /** @internal @param reason what is wrong, as the end of a sentence about the file or the entry. */
  constructor(code: string, { file, entry, ...facts }: WeightsFacts, reason: string, options?: ErrorOptions) {
    const place = entry === undefined ? file : `${file}: entry ${quoted(entry)}`;
    super(code, `${place}: ${truncateText(reason, MAX_REASON_LENGTH)}`, facts, options);
    this.file = file;
    this.entry = entry;
  }
}

/** A name from a file for a message: on one line, and not without end. */
export function quoted(name: string): string {
  return JSON.stringify(truncateText(name, MAX_ENTRY_LENGTH));
}
