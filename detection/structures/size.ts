/** Height and width in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A part of a picture, pixels. It may reach beyond the picture at the right and the bottom. */
export interface Window extends Size {
  readonly top: number;
  readonly left: number;
}
