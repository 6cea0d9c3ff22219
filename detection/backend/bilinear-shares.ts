/** Gradients of bilinear sampling: each sample gives its gradient back to the up to four pixels that it was made of. */
import * as tf from '@tensorflow/tfjs-core';

/** Along one axis: what a sample has of a pixel. */
interface Share {
  readonly sample: number;
  readonly pixel: number;
  readonly weight: number;
}

/** The gradient by images of a shape [N, H, W, C], put together from that of samples [M, h, w, C]. */
export class Shares {
  private readonly gradients: Float32Array;
  private readonly sum: Float32Array;

  constructor(
    private readonly dy: tf.Tensor,
    private readonly shape: [number, number, number, number],
  ) {
    this.gradients = dy.dataSync<'float32'>();
    this.sum = new Float32Array(tf.util.sizeFromShape(shape));
  }

  /** Gives back what the samples of one grid, number `from` of `dy`, have of an image, along both axes. */
  add(from: number, image: number, down: readonly Share[], across: readonly Share[]): void {
    const [, height, width, channels] = this.shape;
    const [, rows, columns] = this.dy.shape;
    const { gradients, sum } = this;
    for (const y of down) {
      for (const x of across) {
        const target = ((image * height + y.pixel) * width + x.pixel) * channels;
        const source = ((from * rows + y.sample) * columns + x.sample) * channels;
        const weight = y.weight * x.weight;
        for (let c = 0; c < channels; c++) sum[target + c] += weight * gradients[source + c];
      }
    }
  }

  /** The caller disposes. */
  tensor(): tf.Tensor {
    return tf.tensor(this.sum, this.shape);
  }
}

/** Of CropAndResize: `count` samples between two sides of a box, which are shares of the image; those outside of it have nothing. */
export function placesInCrop(from: number, to: number, count: number, length: number): Share[] {
  return Array.from({ length: count }, (_, sample) => {
    const place = count > 1 ? from + (sample * (to - from)) / (count - 1) : (from + to) / 2;
    const position = place * (length - 1);
    return position < 0 || position > length - 1 ? [] : sharesAt(sample, position, length);
  }).flat();
}

/** Of ResizeBilinear from `length` pixels to `count`. */
export function placesInResized(
  length: number,
  count: number,
  { alignCorners, halfPixelCenters }: Record<string, unknown>,
): Share[] {
  const scale = alignCorners === true && count > 1 ? (length - 1) / (count - 1) : length / count;
  const center = halfPixelCenters === true ? 0.5 : 0;
  return Array.from({ length: count }, (_, sample) => {
    const position = (sample + center) * scale - center;
    return sharesAt(sample, Math.min(Math.max(position, 0), length - 1), length);
  }).flat();
}

function sharesAt(sample: number, position: number, length: number): Share[] {
  const first = Math.min(Math.floor(position), length - 1);
  const weight = position - first;
  const nearest = { sample, pixel: first, weight: 1 - weight };
  return weight > 0 ? [nearest, { sample, pixel: first + 1, weight }] : [nearest];
}
