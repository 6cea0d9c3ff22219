import { InvalidArgumentError } from 'commander';
import { InputError } from '../../detection/errors';

/** Parses a whole number of at least `least`, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It has to be a whole number, ${least} or more.`);
    }
    return value;
  };
}

/** Parses a number from 0 to 1, for commander. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('It has to be a number from 0 to 1.');
  }
  return value;
}

/** Collects the values of an option that may be given several times, for commander. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/**
 * The value of an option that has to be given. Commander's own check would come before that for misspelt options, and
 * hide its suggestion.
 */
export function given(value: string | undefined, option: string): string {
  if (value === undefined) throw new InputError(`${option} is missing; --help explains it`);
  return value;
}
