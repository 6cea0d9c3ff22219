import type { Size } from '../../detection/structures/size';

/** torchvision's references/detection/train.py: --aspect-ratio-group-factor 3. */
const GROUP_FACTOR = 3;

/** Between the groups: 1/2 to 2, evenly on a logarithmic scale. */
const BOUNDARIES = Array.from({ length: 2 * GROUP_FACTOR + 1 }, (_, i) => 2 ** (i / GROUP_FACTOR - 1));

/**
 * The group of each picture by its width over its height, from 0: torchvision's create_aspect_ratio_groups with k = 3,
 * eight groups of which four are wider than high. Pictures of one group need little padding to share a batch.
 */
export function aspectRatioGroups(sizes: readonly Size[]): Int32Array {
  return Int32Array.from(sizes, ({ width, height }) => {
    const ratio = width / height;
    return BOUNDARIES.filter((boundary) => boundary <= ratio).length;
  });
}
