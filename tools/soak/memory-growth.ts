import type { LifeRecord } from './recording';
import type { ProbeSample } from './trainer-probe';

/**
 * Steps of a process before its memory is looked at: TensorFlow's pool of memory grows until it has met the worst order of
 * sizes, evaluations and their threads included; code is compiled, caches fill.
 */
const WARM_UP_STEPS = 500;
/** Memory goes up and down by tens of megabytes; as much as so many steps of one process tell of a slope is asked for. */
const MIN_STEPS = 3000;
/** Of one process, from its start, that are enough to tell. */
export const ENOUGH_STEPS = WARM_UP_STEPS + MIN_STEPS;
/** Sum of the squared distances of so many steps from their mean: what a slope's precision goes by. */
const MIN_SQUARES = MIN_STEPS ** 3 / 12;

export interface Growth {
  /** Slope of the one straight line, apart from its height, that fits all processes best (least squares). */
  readonly perStep: number;
  readonly steps: number;
  readonly processes: number;
}

/** How something grows within processes, all of them taken together; undefined where they have not lived long enough. */
export function memoryGrowth(lives: readonly LifeRecord[], of: keyof ProbeSample): Growth | undefined {
  let [products, squares, steps, processes] = [0, 0, 0, 0];
  for (const { samples } of lives) {
    const warm = samples.slice(WARM_UP_STEPS);
    if (warm.length === 0) continue;
    const [meanX, meanY] = [
      mean(warm.map(({ iteration }) => iteration)),
      mean(warm.map((sample) => sample[of])),
    ];
    for (const sample of warm) {
      products += (sample.iteration - meanX) * (sample[of] - meanY);
      squares += (sample.iteration - meanX) ** 2;
    }
    steps += warm.length;
    processes++;
  }
  return squares < MIN_SQUARES ? undefined : { perStep: products / squares, steps, processes };
}

/**
 * The numbers of tensors, and their bytes, that processes have had after a step, each once. The last row of a process
 * does not count: where a step has failed it is written when its batch is gone.
 */
export function tensorCounts(lives: readonly LifeRecord[]): { tensors: number; bytes: number }[] {
  const counts = new Map<string, { tensors: number; bytes: number }>();
  for (const { samples } of lives) {
    for (const { tensors, tensorBytes: bytes } of samples.slice(0, -1)) {
      counts.set(`${tensors} ${bytes}`, { tensors, bytes });
    }
  }
  return [...counts.values()];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
