import { AdamW } from '../detection/engine/adamw';
import type { Optimizer } from '../detection/engine/optimizer';
import { cosine, multiStep, withLinearWarmup, type Schedule } from '../detection/engine/schedules';
import { Sgd } from '../detection/engine/sgd';
import type { FasterRcnn } from '../detection/modeling/faster-rcnn';
import type { CompleteConfiguration } from './config/complete';

/** The optimizer that a configuration asks for. The caller disposes. */
export function makeOptimizer({ optimizer }: CompleteConfiguration, model: FasterRcnn): Optimizer {
  const { type, momentum, weightDecay } = optimizer;
  const parameters = model.namedParameters();
  return type === 'sgd'
    ? new Sgd(parameters, { momentum, weightDecay })
    : new AdamW(parameters, { weightDecay });
}

/** The course of the learning rate that a configuration asks for. */
export function makeSchedule({ optimizer, schedule, iterations }: CompleteConfiguration): Schedule {
  const { lr } = optimizer;
  const { type, milestones, gamma, warmupIterations } = schedule;
  const base = type === 'steps' ? multiStep(lr, milestones, gamma) : cosine(lr, iterations);
  return withLinearWarmup(base, warmupIterations);
}
