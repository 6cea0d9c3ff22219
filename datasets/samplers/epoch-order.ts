import { RandomStream } from '../../detection/nn/random';

/**
 * The order in which images come, epoch by epoch, without end. All of it follows from the seed and the number of the
 * epoch, so that a run can go on anywhere.
 *
 * An image comes as often as its repeat factor says: r times, or where r is no whole number the whole number below or
 * above. As in detectron2's RepeatFactorTrainingSampler the upper one has the probability of r's fraction in each
 * epoch. There epochs are independent; here an image begins with a fraction drawn from the seed and comes whenever its
 * factors have added up to another whole number, so that after any number of epochs it has come as often as it
 * should, and how often that is takes no epoch to be drawn again.
 */
export class EpochOrder {
  /** The whole and the fractional part of each image's factor, and the fraction that it begins with. */
  private readonly whole: Float64Array;
  private readonly fraction: Float64Array;
  private readonly start: Float64Array;

  /** @param repeatFactors one for each image, 1 or more: with nothing but ones each image comes once in every epoch */
  constructor(
    repeatFactors: Float64Array,
    private readonly seed: number,
  ) {
    const random = new RandomStream(seed, 'repeat');
    this.whole = repeatFactors.map(Math.trunc);
    this.fraction = repeatFactors.map((factor) => factor % 1);
    this.start = repeatFactors.map(() => random.uniform());
  }

  get numImages(): number {
    return this.whole.length;
  }

  /** How often an image has come before an epoch. */
  timesBefore(epoch: number, image: number): number {
    return epoch * this.whole[image] + Math.floor(epoch * this.fraction[image] + this.start[image]);
  }

  /** The images of an epoch by their indices, in the order in which they come. */
  images(epoch: number): Int32Array {
    const images: number[] = [];
    for (let image = 0; image < this.numImages; image++) {
      const times = this.timesBefore(epoch + 1, image) - this.timesBefore(epoch, image);
      for (let i = 0; i < times; i++) images.push(image);
    }
    return new RandomStream(this.seed, `order/epoch-${epoch}`).sample(Int32Array.from(images), images.length);
  }
}
