import type { InputSpec, ResizeSpec } from './input-spec';
import type { Size, Window } from './size';

/** A picture in memory: RGB, row by row, [height, width, 3]. Bytes are 0..255, floats 0..1. */
export interface RgbImage {
  /** RGB values, row by row: [height, width, 3]. */
  readonly pixels: Uint8Array | Uint8ClampedArray | Float32Array;
  /** Size of the picture. */
  readonly size: Size;
}

/**
 * Where one image of a batch is written: `rows` rows of `rowLength` floats, the first of them at `offset`, each `rowStride` floats
 * after the one before it.
 */
export interface ImageSlot {
  readonly batch: Float32Array;
  readonly offset: number;
  readonly rows: number;
  readonly rowLength: number;
  readonly rowStride: number;
}

/** What is done to a picture beside resizing it. */
export interface NormalizeOptions extends Pick<InputSpec, 'mean' | 'std' | 'channels'> {
  /** Mirror the picture left to right. Default false. */
  readonly flip?: boolean;
  /** The part of the resized picture that is wanted; it begins inside of it. Default: all of it. */
  readonly window?: Window;
}

/**
 * The size of an image as a model takes it, before padding. For 'shorter-side' as torchvision's GeneralizedRCNNTransform,
 * its factor in float64 (releases up to 0.14 took float32, which gives another pixel for half of all sizes); never less
 * than one pixel.
 */
export function resizedSize(original: Size, resize: ResizeSpec): Size {
  if (resize.kind === 'fixed') return { height: resize.height, width: resize.width };
  const shorter = Math.min(original.height, original.width);
  const longer = Math.max(original.height, original.width);
  const scale = Math.min(resize.minSize / shorter, resize.maxSize / longer);
  return {
    height: Math.max(1, Math.floor(original.height * scale)),
    width: Math.max(1, Math.floor(original.width * scale)),
  };
}

/** The common size of a batch: large enough for every image, both sides multiples of `sizeDivisor`. */
export function paddedSize(sizes: readonly Size[], sizeDivisor: number): Size {
  const roundUp = (length: number): number => Math.ceil(length / sizeDivisor) * sizeDivisor;
  return {
    height: roundUp(Math.max(...sizes.map((size) => size.height))),
    width: roundUp(Math.max(...sizes.map((size) => size.width))),
  };
}

/** Image `index` of a padded batch [N, H, W, 3]. */
export function batchSlot(batch: Float32Array, padded: Size, index: number): ImageSlot {
  const { height, width } = padded;
  return {
    batch,
    offset: index * height * width * 3,
    rows: height,
    rowLength: width * 3,
    rowStride: width * 3,
  };
}

/** A part of a place in a batch: a window that lies in it. */
export function partOfSlot(slot: ImageSlot, { top, left, height, width }: Window): ImageSlot {
  const offset = slot.offset + top * slot.rowStride + left * 3;
  return { ...slot, offset, rows: height, rowLength: width * 3 };
}

/** Of each output position along one axis: its two source positions and the weight of the second. */
interface AxisTable {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float32Array;
}

/**
 * Source positions of a bilinear resize with half-pixel centers and replicated edges, for `length` output positions
 * from `start` on, or as many as there are. Computed in float32 like torch's area_pixel_compute_source_index: in exact
 * arithmetic the weights would differ in the fifth digit.
 */
function axisTable(from: number, to: number, start: number, length: number): AxisTable {
  const count = Math.min(length, to - start);
  const table = {
    first: new Int32Array(count),
    second: new Int32Array(count),
    weight: new Float32Array(count),
  };
  const scale = Math.fround(from / to);
  for (let i = 0; i < count; i++) {
    const output = start + i;
    const position = from === to ? output : Math.max(0, Math.fround(scale * (output + 0.5) - 0.5));
    const first = Math.min(Math.floor(position), from - 1);
    table.first[i] = first;
    table.second[i] = Math.min(first + 1, from - 1);
    table.weight[i] = Math.min(position - first, 1);
  }
  return table;
}

/** Value of each byte in each channel of the model's image after normalization, [3, 256], rounded where torch rounds. */
function byteTable(mean: readonly number[], std: readonly number[]): Float32Array {
  const table = new Float32Array(3 * 256);
  for (let channel = 0; channel < 3; channel++) {
    for (let byte = 0; byte < 256; byte++) {
      const value = Math.fround(Math.fround(byte / 255) - Math.fround(mean[channel]));
      table[channel * 256 + byte] = value / Math.fround(std[channel]);
    }
  }
  return table;
}

/** Returns a function that writes one source row, normalized, [width * 3]. */
function rowNormalizer(
  { pixels, size }: RgbImage,
  { mean, std, channels }: NormalizeOptions,
): (y: number, row: Float32Array) => void {
  const length = size.width * 3;
  // Where the picture has what comes first and last in the model's image.
  const [first, last] = channels === 'bgr' ? [2, 0] : [0, 2];
  if (pixels instanceof Float32Array) {
    const means = Float32Array.from(mean);
    const deviations = Float32Array.from(std);
    return (y, row) => {
      const start = y * length;
      const [a, b, c] = [start + first, start + 1, start + last];
      for (let i = 0; i < length; i += 3) {
        row[i] = Math.fround(pixels[a + i] - means[0]) / deviations[0];
        row[i + 1] = Math.fround(pixels[b + i] - means[1]) / deviations[1];
        row[i + 2] = Math.fround(pixels[c + i] - means[2]) / deviations[2];
      }
    };
  }
  const table = byteTable(mean, std);
  return (y, row) => {
    const start = y * length;
    const [a, b, c] = [start + first, start + 1, start + last];
    for (let i = 0; i < length; i += 3) {
      row[i] = table[pixels[a + i]]!;
      row[i + 1] = table[256 + pixels[b + i]]!;
      row[i + 2] = table[512 + pixels[c + i]]!;
    }
  };
}

/** Resizes one row: `from` [source width * 3] to `to` [width * 3]. `columns` holds positions times 3. */
function resizeRow(from: Float32Array, to: Float32Array, { first, second, weight }: AxisTable): void {
  for (let x = 0, i = 0; x < first.length; x++, i += 3) {
    const a = first[x];
    const b = second[x];
    const w = weight[x];
    const v = 1 - w;
    to[i] = v * from[a] + w * from[b];
    to[i + 1] = v * from[a + 1] + w * from[b + 1];
    to[i + 2] = v * from[a + 2] + w * from[b + 2];
  }
}

/**
 * Normalizes and resizes one picture straight into its place in a batch: equal to torchvision's
 * (image - mean) / std and then interpolate(mode='bilinear', align_corners=False), without antialiasing. Each
 * source row is resized along x once; two of them at a time are blended along y. What the picture does not cover of
 * the slot becomes zero: a batch may be written where another one was.
 *
 * @throws RangeError if the pixels are not size.height * size.width * 3 values
 */
export function resizeAndNormalize(
  image: RgbImage,
  to: Size,
  slot: ImageSlot,
  options: NormalizeOptions,
): void {
  const { pixels, size } = image;
  const { flip = false, window = { top: 0, left: 0, ...to } } = options;
  if (pixels.length !== size.height * size.width * 3) {
    throw new RangeError(`${pixels.length} values are no RGB image of ${size.width}x${size.height} pixels`);
  }
  const rows = axisTable(size.height, to.height, window.top, window.height);
  const columns = axisTable(size.width, to.width, window.left, window.width);
  for (const positions of [columns.first, columns.second]) {
    for (let x = 0; x < positions.length; x++)
      positions[x] = 3 * (flip ? size.width - 1 - positions[x] : positions[x]);
  }

  const normalizeRow = rowNormalizer(image, options);
  const source = new Float32Array(size.width * 3);
  const [height, length] = [rows.first.length, columns.first.length * 3];
  let upper = { row: -1, values: new Float32Array(length) };
  let lower = { row: -1, values: new Float32Array(length) };
  const load = (target: typeof upper, row: number): void => {
    normalizeRow(row, source);
    resizeRow(source, target.values, columns);
    target.row = row;
  };

  for (let y = 0; y < height; y++) {
    const first = rows.first[y];
    const second = rows.second[y];
    if (first === lower.row) [upper, lower] = [lower, upper];
    if (first !== upper.row) load(upper, first);
    if (second !== lower.row) load(lower, second);
    const start = slot.offset + y * slot.rowStride;
    blendRows(upper.values, lower.values, rows.weight[y], slot.batch, start);
    slot.batch.fill(0, start + length, start + slot.rowLength);
  }
  for (let y = height; y < slot.rows; y++) {
    const start = slot.offset + y * slot.rowStride;
    slot.batch.fill(0, start, start + slot.rowLength);
  }
}

/** A pixel at a time: 2.4 ms for 1066x800 pixels, where a loop over single values took 3.2. */
function blendRows(
  a: Float32Array,
  b: Float32Array,
  weight: number,
  out: Float32Array,
  offset: number,
): void {
  const other = 1 - weight;
  for (let i = 0, o = offset; i < a.length; i += 3, o += 3) {
    out[o] = other * a[i] + weight * b[i];
    out[o + 1] = other * a[i + 1] + weight * b[i + 1];
    out[o + 2] = other * a[i + 2] + weight * b[i + 2];
  }
}
