/** Tiles that a picture is cut into. */
export interface TileOptions {
  /** Side of a tile, pixels of the picture. */
  readonly size: number;
  /** Share of a tile's side that neighbors have in common at least, 0 to 0.9. */
  readonly overlap: number;
}

/** Overlap of tiles unless another is asked for, as in SAHI. */
export const DEFAULT_OVERLAP = 0.2;
/** Neighbors that have more in common would make thousands of tiles of a photograph. */
export const MAX_OVERLAP = 0.9;
/** Side of the smallest tile: in less, detectors find nothing. */
export const MIN_TILE_SIZE = 32;

/** How pictures are shown to a detector. */
export interface InferenceOptions {
  /**
   * Most images that go through the detector at once. Only images of one padded size do, so results are those of one after
   * the other, up to rounding. Default 1.
   */
  readonly batchSize?: number;
  /** Show each picture as its mirror image, too. Default false. */
  readonly flip?: boolean;
  /** Show each picture at so many times the size at which the detector takes pictures. Default once, at 1. */
  readonly scales?: readonly number[];
  /** Show the tiles of each picture beside the whole of it. Default: the whole alone. */
  readonly tiles?: TileOptions;
  /** A picture that declares more pixels is refused. Default: what PIL refuses, 178 956 970. */
  readonly maxPixels?: number;
}
