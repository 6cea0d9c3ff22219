import type { Mask } from '../../../detection/structures/mask';
import type { Size } from '../../../detection/structures/size';
import { rleFromPolygon } from './polygon';
import { mergeRles } from './rle';

/**
 * The mask of an object whose outline is known: the union of its polygons, in the pixels that pycocotools gives them. The runs
 * are made when they are first asked for, so that masks that nobody looks at cost nothing.
 */
export class PolygonMask implements Mask {
  private runs?: Uint32Array;

  /** A mask of the union of polygons: one at least, each of three corners or more. */
  constructor(
    /** x1, y1, x2, y2, ... of each, in pixels. They may reach beyond the image. */
    readonly polygons: readonly (readonly number[])[],
    /** Size of the image. */
    readonly size: Size,
  ) {}

  /** As `Mask`. */
  get counts(): Uint32Array {
    this.runs ??= mergeRles(this.polygons.map((polygon) => rleFromPolygon(polygon, this.size))).counts;
    return this.runs;
  }
}
