/**
 * The user's input is at fault: a file, an option, a value. The message names the place, the reason and what to
 * do about it; the command line prints it alone, without a stack trace, and exits with status 2.
 */
export class InputError extends Error {
  /** Name of the class. */
  override readonly name: string = 'InputError';

  /**
   * An error that is printed without a stack trace.
   *
   * @param code what is wrong, in a few words that stay when the message is put in others: `unknown-model`.
   * @param facts what the message tells, for programs; subclasses have fields for theirs.
   */
  constructor(
    readonly code: string,
    message: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A text for a message: its beginning where it is longer. */
export function truncateText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
