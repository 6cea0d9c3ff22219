/** Height and width in pixels. */
export interface Size {
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
}

/** A part of a picture, pixels. It may reach beyond the picture at the right and the bottom. */
export interface Window extends Size {
  /** Index of the first row. */
  readonly top: number;
  /** Index of the first column. */
  readonly left: number;
}
