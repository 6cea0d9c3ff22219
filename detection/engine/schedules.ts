/** Learning rate of a step. Steps count from 0; nothing is remembered, so a resumed run gets the same rates. */
export type Schedule = (step: number) => number;

/** The same rate all the time. */
export function constant(base: number): Schedule {
  return () => base;
}

/** `base`, multiplied by `factor` at each milestone, as torch.optim.lr_scheduler.MultiStepLR. */
export function multiStep(base: number, milestones: readonly number[], factor = 0.1): Schedule {
  return (step) => base * factor ** milestones.filter((milestone) => milestone <= step).length;
}

/** From `base` at step 0 down half a cosine wave to `final` at step `steps`, as CosineAnnealingLR. */
export function cosine(base: number, steps: number, final = 0): Schedule {
  return (step) => final + (base - final) * 0.5 * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps));
}

/**
 * Multiplies a schedule by a factor that grows linearly from `startFactor` at step 0 to 1 at step `steps`, as
 * torchvision's detection reference does with LinearLR and 1/1000. `min(1, (step + 1) / w)`, which others use, is
 * `steps` w - 1 with `startFactor` 1 / w.
 */
export function withLinearWarmup(schedule: Schedule, steps: number, startFactor = 1 / 1000): Schedule {
  return (step) => {
    if (step >= steps) return schedule(step);
    return schedule(step) * (startFactor + ((1 - startFactor) * step) / steps);
  };
}

/** How a schedule begins and falls; what is left out is torchvision's. */
export interface WarmupOptions {
  /**
   * Steps of linear warm-up. If left out, three twentieths of the way to the first milestone, at most 1000: a tenth of a run
   * whose rate first falls after two thirds, as `rcnn train` has it.
   */
  readonly warmup?: number;
  /** Share of the rate at step 0. 1/1000 if left out. */
  readonly startFactor?: number;
  /** What the rate is multiplied by at each milestone. 0.1 if left out. */
  readonly factor?: number;
}

/** torchvision's warm-up at its longest. */
const MAX_WARMUP = 1000;
const WARMUP_SHARE = 0.15;

/** What torchvision's detection references train with: `multiStep` behind a linear warm-up. */
export function warmupMultiStep(
  base: number,
  milestones: readonly number[],
  { warmup, startFactor, factor }: WarmupOptions = {},
): Schedule {
  const longest = Math.round(WARMUP_SHARE * Math.min(...milestones));
  const steps = warmup ?? Math.min(MAX_WARMUP, longest);
  return withLinearWarmup(multiStep(base, milestones, factor), steps, startFactor);
}
