import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

const { cos, log, sin, sqrt, PI } = Math;

/** 32-bit FNV-1a of a string: gives each named stream its own seed. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/**
 * MurmurHash3's finalizer: each bit of the input changes half the bits of the output. The generator's first
 * numbers show its seed, so without it streams whose names or seeds differ by one begin nearly alike.
 */
function mix(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function generatorOf(seed: number, name: string) {
  return xoroshiro128plus(mix(mix(seed | 0) ^ fnv1a(name)));
}

/**
 * A named, seeded stream of random numbers. Every random choice of the project draws from one: a run repeats to the
 * bit, and two streams never disturb each other.
 */
export class RandomStream {
  private readonly generator;

  /** Streams of one seed and one name give the same numbers. */
  constructor(
    private readonly seed: number,
    /** Name of the stream, which tells it from others with the same seed. */
    readonly name: string,
  ) {
    this.generator = generatorOf(seed, name);
  }

  /**
   * Starts anew, with the numbers of a part: those of a stream of the same seed and the name `NAME/PART`. They do not
   * depend on what has been drawn before.
   */
  seek(part: string | number): void {
    this.state = generatorOf(this.seed, `${this.name}/${part}`).getState();
  }

  /** Where the generator stands, to come back to. */
  get state(): readonly number[] {
    return this.generator.getState();
  }

  /** Puts the generator where it stood. */
  set state(state: readonly number[]) {
    const restored = xoroshiro128plusFromState(state);
    Object.assign(this.generator, restored);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformFloat64(this.generator);
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Uniform integer in [0, limit). */
  integer(limit: number): number {
    return uniformInt(this.generator, 0, limit - 1);
  }

  /** Standard normal (Box-Muller, one value a call so that the state says everything). */
  normal(): number {
    return sqrt(-2 * log(1 - this.uniform())) * cos(2 * PI * this.uniform());
  }

  /** Fills an array with uniform numbers in [0, 1) of 32 bits each: initial weights come by the ten million. */
  fillUniform(values: Float32Array): void {
    const { generator } = this;
    for (let i = 0; i < values.length; i++) values[i] = (generator.next() >>> 0) / 2 ** 32;
  }

  /** Fills an array with standard normal numbers: both of each Box-Muller pair. */
  fillNormal(values: Float32Array): void {
    const { generator } = this;
    for (let i = 0; i < values.length; i += 2) {
      const radius = sqrt(-2 * log(((generator.next() >>> 0) + 1) / 2 ** 32));
      const angle = (2 * PI * (generator.next() >>> 0)) / 2 ** 32;
      values[i] = radius * cos(angle);
      if (i + 1 < values.length) values[i + 1] = radius * sin(angle);
    }
  }

  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)];
  }

  /** `count` of the values, in random order, without repetition: the head of torch.randperm. Mutates nothing. */
  sample(values: Int32Array, count: number): Int32Array {
    const pool = values.slice();
    for (let i = 0; i < count; i++) {
      const j = i + this.integer(pool.length - i);
      const picked = pool[j];
      pool[j] = pool[i]!;
      pool[i] = picked;
    }
    return pool.subarray(0, count);
  }
}

/** A stream for initial weights that others are loaded over: filling arrays takes no time and leaves them as they are. */
export class IdleRandomStream extends RandomStream {
  override fillUniform(): void {
    // Nothing is drawn.
  }

  override fillNormal(): void {
    // Nothing is drawn.
  }
}
