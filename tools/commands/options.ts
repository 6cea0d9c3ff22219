import { InvalidArgumentError } from 'commander';

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
export function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
