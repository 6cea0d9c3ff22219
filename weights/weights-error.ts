import { InputError } from '../detection/errors';

/** A file of weights that cannot be used: damaged, of another model, or not what it claims to be. */
export class WeightsError extends InputError {
  override readonly name = 'WeightsError';

  constructor(
    readonly file: string,
    /** The entry at fault; undefined when it is the file as a whole. */
    readonly entry: string | undefined,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      entry === undefined ? `${file}: ${reason}` : `${file}: entry ${JSON.stringify(entry)}: ${reason}`,
      options,
    );
  }
}
