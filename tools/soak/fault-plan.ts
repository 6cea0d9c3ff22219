import { RandomStream } from '../../detection/nn/random';

/** What can happen to a run that is left alone, and that ends its process. */
const ENDING = [
  'kill',
  'kill in checkpoint',
  'kill while starting',
  'interrupt',
  'terminate',
  'interrupt twice',
  'broken pictures',
  'full disk',
  'damaged checkpoint',
] as const;

/** What a run is to get over. */
const PASSING = ['worker', 'hiccup', 'second process'] as const;

/** What is only done to a run that goes on without pictures that cannot be used. */
const LASTING = ['lost picture'] as const;

export const FAULT_KINDS = [...ENDING, ...PASSING, ...LASTING] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Seconds of training before it, since the fault before it. */
  readonly wait: number;
  /** In [0, 1): decides what is hit, and how. */
  readonly draw: number;
}

/** Seconds between faults: enough for some steps and mostly for a checkpoint. */
const WAIT = [0.5, 8] as const;
/** In the quiet half of a round a process lives long enough to show whether its memory grows. */
const LONG_WAIT = [10, 40] as const;

/**
 * Faults without end, in rounds. The first half of a round has every kind that ends the process and some that do not;
 * the second half only the latter, further apart. Which comes when follows from the seed.
 */
export function* faultPlan(seed: number): Generator<PlannedFault, never> {
  const random = new RandomStream(seed, 'soak/faults');
  for (;;) {
    yield* inRandomOrder([...ENDING, 'kill', ...PASSING, 'worker', 'hiccup'], WAIT, random);
    yield* inRandomOrder(['worker', 'worker', 'worker', 'hiccup', 'hiccup', 'hiccup'], LONG_WAIT, random);
  }
}

/** As faultPlan, for a run that goes on without broken pictures. */
export function* skippingPlan(seed: number): Generator<PlannedFault, never> {
  const random = new RandomStream(seed, 'soak/skipping');
  for (;;)
    yield* inRandomOrder([...LASTING, ...LASTING, 'worker', 'hiccup', 'kill', 'interrupt'], WAIT, random);
}

function* inRandomOrder(
  kinds: readonly FaultKind[],
  [shortest, longest]: readonly [number, number],
  random: RandomStream,
): Generator<PlannedFault, void> {
  const left = [...kinds];
  while (left.length > 0) {
    const [kind] = left.splice(random.integer(left.length), 1);
    yield { kind, wait: random.between(shortest, longest), draw: random.uniform() };
  }
}
