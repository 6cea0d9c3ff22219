/** How many scenes, how large. The numbers are those of the demo: learned in minutes on two cores. */
export const SYNTHESIS_DEFAULTS = {
  numTrain: 600,
  numVal: 100,
  /** Height and width of a scene in pixels. */
  size: 320,
  numObjects: 12,
  seed: 0,
} as const;

/** A closed interval. */
export type Range = readonly [low: number, high: number];

/**
 * What a scene is made of. Lengths are given at a size of 320 pixels and scale with it, so that scenes of any
 * size are equally hard, unless the detail of another size is asked for. Shares are of the most objects of a scene.
 */
export const SCENE = {
  referenceSize: 320,
  objects: [1 / 4, 1] satisfies Range,
  distractors: [1 / 6, 1 / 2] satisfies Range,
  /** Longest side of the upright artwork, pixels. */
  longSide: [28, 110] satisfies Range,
  /** Degrees, either way. */
  maxRotation: 35,
  /** Of an object's pixels, those that must stay in view: neither covered nor outside the image. */
  minVisible: 0.3,
  /** Places tried for one object before it is dropped. */
  placements: 40,
} as const;

/** Changes of color: factors around 1, degrees of hue around 0. */
export const COLOR_JITTER = {
  brightness: [0.86, 1.12] satisfies Range,
  saturation: [0.75, 1.25] satisfies Range,
  hue: [-9, 9] satisfies Range,
} as const;

/** What the camera does to the whole picture. */
export const CAMERA = {
  /** Factor on each color channel: the tint of the light. */
  gain: [0.9, 1.08] satisfies Range,
  /** Standard deviation of the Gaussian blur, pixels at 320. */
  blur: [0.25, 0.9] satisfies Range,
  /** Standard deviation of the sensor's noise, of 255. */
  noise: [1, 8] satisfies Range,
} as const;

/** Visually lossless; a scene is about 40 KB. */
export const JPEG_QUALITY = 92;
