/** Height and width in pixels. */
export interface Size {
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
}

/** A part of a picture, pixels. It may reach beyond the picture at the right and the bottom. */
export interface Window extends Size {
  /** Its first row. */
  readonly top: number;
  /** Its first column. */
  readonly left: number;
}
