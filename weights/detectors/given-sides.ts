import { InputError } from '../../detection/errors';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { detectorInput, sidesOf, type Sides } from '../../detection/structures/image-sides';
import type { InputSpec } from '../../detection/structures/input-spec';

/** How large pictures are to be made for a detector, where that is not left to it. */
export interface GivenSides {
  /** Shorter side, pixels. Default: the detector's own. */
  readonly minSize?: number;
  /** Longer side at most, pixels. Default: the detector's own. */
  readonly maxSize?: number;
}

/**
 * A detector's input with the sides that are given.
 *
 * @param model its name, for messages
 * @throws InputError where the detector takes pictures of one size only, or the shorter side would be the longer one.
 */
export function inputOfSides(model: string, input: InputSpec, given: GivenSides): InputSpec {
  const own = sidesOf({ input });
  const { minSize = own.minSize, maxSize = own.maxSize } = given;
  if (minSize === own.minSize && maxSize === own.maxSize) return input;
  if (input.resize.kind === 'fixed') {
    const { width, height } = input.resize;
    throw new InputError(
      'input-fixed',
      `${model} resizes every picture to ${width} x ${height} pixels: leave out --min-size and --max-size`,
      { model, width, height },
    );
  }
  if (minSize > maxSize) {
    const remedy =
      given.maxSize === undefined ? `give --max-size, too (now ${maxSize})` : 'reduce --min-size';
    throw new InputError(
      'input-sides',
      `--min-size ${minSize}: the shorter side cannot be longer than the longer side, ${maxSize}: ${remedy}`,
      { minSize, maxSize },
    );
  }
  return detectorInput({ input }, { minSize, maxSize });
}

/** What to say of a file that does not say how large its detector takes pictures; undefined where its model has one size. */
export function unknownSizeNote(file: string, { name, input }: ModelDefinition): string | undefined {
  if (input.resize.kind === 'fixed') return undefined;
  return (
    `${file}: does not say at which size its detector was trained; pictures are resized to ${describeSides(input.resize)}, ` +
    `the default of ${name}. If it was trained at another size, give that (--min-size, --max-size)`
  );
}

/** `800 pixels on the shorter side, 1333 at most on the longer one`. */
export function describeSides({ minSize, maxSize }: Sides): string {
  return `${minSize} pixels on the shorter side, ${maxSize} at most on the longer one`;
}
