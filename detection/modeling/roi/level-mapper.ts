import type { Boxes } from '../../structures/boxes';
import { boxAreas } from '../../structures/boxes';

const { fround } = Math;

/** torchvision's LevelMapper: keeps a box of exactly the canonical size out of the level below. */
export const EPSILON = fround(1e-6);
/** The same of detectron2's assign_boxes_to_levels, which adds it before the logarithm. */
export const EPSILON_OF_SIZES = fround(1e-8);

/** The box that is pooled from a certain level, from which it follows where all others are. */
export interface LevelMapperOptions {
  /** Its side, pixels of the resized image. */
  readonly canonicalScale: number;
  /** The k of its level, whose feature map has 2^-k of the image's side. */
  readonly canonicalLevel: number;
  /** Whose rounding decides of boxes that are about as large as the canonical one; torchvision's if left out. */
  readonly rounding?: 'torchvision' | 'detectron2';
}

/**
 * Which level of the pyramid a region is pooled from: torchvision's LevelMapper, in float32, after equation 1 of
 * the feature pyramid paper. A box of the canonical size belongs to the canonical level, one twice as large to the
 * next coarser.
 */
export class LevelMapper {
  private readonly finest: number;
  private readonly coarsest: number;

  /**
   * @param scales of the levels, finest first, each 2^-k: side of the feature map by side of the image
   */
  constructor(
    scales: readonly number[],
    private readonly options: LevelMapperOptions,
  ) {
    this.finest = Math.trunc(-Math.log2(scales[0]));
    this.coarsest = Math.trunc(-Math.log2(scales[scales.length - 1]));
  }

  /** [N] the level of each box: 0 is the finest of the scales given. */
  levels(boxes: Boxes): Int32Array {
    const { canonicalScale, canonicalLevel, rounding } = this.options;
    const [ofSize, ofLevel] = rounding === 'detectron2' ? [EPSILON_OF_SIZES, 0] : [0, EPSILON];
    return Int32Array.from(boxAreas(boxes), (area) => {
      const size = fround(fround(fround(Math.sqrt(area)) / canonicalScale) + ofSize);
      const k = Math.floor(fround(fround(canonicalLevel + fround(Math.log2(size))) + ofLevel));
      return Math.min(Math.max(k, this.finest), this.coarsest) - this.finest;
    });
  }
}
