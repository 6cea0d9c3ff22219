/** Ground truth and detections, by index, as far as matching looks at them. */
export interface Regions {
  /**
   * Overlaps of detections and truths of one image.
   *
   * @returns [D, G], a row for each detection; valid until the next call
   */
  overlaps(detections: Int32Array, truths: Int32Array): Float64Array;
  /** Of each detection whose overlaps have been asked for, in square pixels. */
  readonly detectionAreas: Float64Array;
  /**
   * To be called when all overlaps have been asked for.
   *
   * @throws AnnotationError or DetectionsError where a mask is malformed, whether it was needed or not.
   */
  finish(): void;
}
