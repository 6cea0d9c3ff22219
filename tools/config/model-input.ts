import type { ModelDefinition } from '../../detection/modeling/detector';
import type { InputSpec } from '../../detection/structures/input-spec';

/** Shorter and longer side of pictures, pixels. */
export interface Sides {
  readonly minSize: number;
  readonly maxSize: number;
}

/** How large a model makes pictures unless it is told otherwise: the longer side at most. */
export function sidesOf({ input: { resize } }: { readonly input: Pick<InputSpec, 'resize'> }): Sides {
  if (resize.kind === 'shorter-side') return resize;
  const { height, width } = resize;
  return { minSize: Math.min(height, width), maxSize: Math.max(height, width) };
}

/** How a model takes pictures that it is to make so large. One that takes a fixed size does not ask. */
export function detectorInput({ input }: ModelDefinition, { minSize, maxSize }: Sides): InputSpec {
  if (input.resize.kind === 'fixed') return input;
  return { ...input, resize: { kind: 'shorter-side', minSize, maxSize } };
}
