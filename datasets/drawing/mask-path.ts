import type { Mask } from '../../detection/structures/mask';
import { resizeMask } from '../../detection/structures/mask-transforms';
import type { Size } from '../../detection/structures/size';
import { maskRings } from '../coco/masks/mask-outline';

/**
 * The outlines of a mask as an SVG path, to be filled by the even-odd rule; empty for an empty mask. As long as the outlines have
 * corners: no pixel is looked at.
 *
 * @param size of the drawing, pixels: a mask of a larger picture is reduced to it first.
 */
export function maskPath(mask: Mask, size: Size): string {
  const isLarger = mask.size.width > size.width || mask.size.height > size.height;
  const shown = isLarger ? resizeMask(mask, size) : mask;
  const [x, y] = [size.width / shown.size.width, size.height / shown.size.height];
  const across = (column: number): number => Number((column * x).toFixed(2));
  const down = (row: number): number => Number((row * y).toFixed(2));
  return maskRings(shown)
    .map(({ points }) => {
      let path = `M${across(points[0])} ${down(points[1])}`;
      for (let i = 2; i < points.length; i += 4) {
        path += `V${down(points[i + 1])}`;
        if (i + 2 < points.length) path += `H${across(points[i + 2])}`;
      }
      return `${path}Z`;
    })
    .join('');
}
