import type { InputSpec } from './input-spec';

/** Shorter and longer side of pictures, pixels. */
export interface Sides {
  /** What the shorter side becomes. */
  readonly minSize: number;
  /** What the longer side has at most: the shorter one stays below `minSize` where it would be more. */
  readonly maxSize: number;
}

/**
 * How large a model makes pictures: for a fixed size its shorter and its longer side.
 *
 * @param model what has the input: a `ModelDefinition`, or a detector.
 */
export function sidesOf({ input: { resize } }: { readonly input: Pick<InputSpec, 'resize'> }): Sides {
  if (resize.kind === 'shorter-side') return resize;
  const { height, width } = resize;
  return { minSize: Math.min(height, width), maxSize: Math.max(height, width) };
}

/**
 * The input of a model that is to make pictures so large, for `DetectorOptions.input`. A model of a fixed size keeps that.
 *
 * @param model what has the input: a `ModelDefinition`, or a detector.
 */
export function detectorInput(
  { input }: { readonly input: InputSpec },
  { minSize, maxSize }: Sides,
): InputSpec {
  if (input.resize.kind === 'fixed') return input;
  return { ...input, resize: { kind: 'shorter-side', minSize, maxSize } };
}
