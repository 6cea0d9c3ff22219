import { AdamW } from '../../detection/engine/adamw';
import {
  clipByGlobalNorm,
  clipByValue,
  type GradientClipping,
} from '../../detection/engine/gradient-clipping';
import type { Optimizer } from '../../detection/engine/optimizer';
import { cosine, multiStep, withLinearWarmup, type Schedule } from '../../detection/engine/schedules';
import { Sgd } from '../../detection/engine/sgd';
import { WeightAverage } from '../../detection/engine/weight-average';
import type { Detector } from '../../detection/modeling/detector';
import type { CompleteConfiguration } from '../config/complete';
import { matchesPattern, requireMatch } from './parameter-pattern';

/**
 * The optimizer that a configuration asks for. The caller disposes.
 *
 * @throws InputError where a group is one of no parameter.
 */
export function makeOptimizer({ optimizer }: CompleteConfiguration, model: Detector): Optimizer {
  const { type, momentum, weightDecay } = optimizer;
  const parameters = [...model.namedParameters()];
  const names = parameters.map(([name]) => name);
  const groups = optimizer.groups.map(({ match, learningRateFactor, weightDecay: own }, k) => {
    requireMatch(`optimizer.groups[${k}].match`, match, names);
    const matches = (name: string): boolean => matchesPattern(match, name);
    return { matches, learningRateFactor, ...(own !== null && { weightDecay: own }) };
  });
  return type === 'sgd'
    ? new Sgd(parameters, { momentum, weightDecay, groups })
    : new AdamW(parameters, { weightDecay, groups });
}

/** The average of the weights that a configuration asks for. The caller disposes. */
export function makeAverage(
  { optimizer, schedule }: CompleteConfiguration,
  model: Detector,
): WeightAverage | undefined {
  if (optimizer.emaDecay === null) return undefined;
  return new WeightAverage(model, { decay: optimizer.emaDecay, warmup: schedule.warmupIterations });
}

/** What a configuration bounds gradients by: the norm first, as elements that are made smaller leave it bounded. */
export function makeClipping({
  clipGradientNorm: norm,
  clipGradientValue: value,
}: CompleteConfiguration): GradientClipping {
  const byNorm = norm === null ? undefined : clipByGlobalNorm(norm);
  const byValue = value === null ? undefined : clipByValue(value);
  return (gradients, given) => {
    byNorm?.(gradients, given);
    byValue?.(gradients, given);
  };
}

/** The course of the learning rate that a configuration asks for. */
export function makeSchedule({ optimizer, schedule, iterations }: CompleteConfiguration): Schedule {
  const { lr } = optimizer;
  const { type, milestones, gamma, warmupIterations } = schedule;
  const base = type === 'steps' ? multiStep(lr, milestones, gamma) : cosine(lr, iterations);
  return withLinearWarmup(base, warmupIterations);
}
