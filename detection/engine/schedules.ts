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
