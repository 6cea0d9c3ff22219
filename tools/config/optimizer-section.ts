import { z } from 'zod';

/** Section `optimizer` of a training configuration. */
export const optimizerSection = z
  .strictObject({
    // torchvision trains detectors with SGD and momentum 0.9.
    type: z.enum(['sgd', 'adamw']).default('sgd').describe('update rule'),
    lr: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe('learning rate; null: 0.00125 an image (sgd), 0.001 (adamw)'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of sgd'),
    weightDecay: z
      .number()
      .min(0)
      .nullable()
      .default(null)
      .describe('weight decay, decoupled with adamw; null: 0.0001 (sgd), 0.01 (adamw)'),
  })
  .prefault({})
  .describe('how it learns');

/** Section `schedule` of a training configuration. */
export const scheduleSection = z
  .strictObject({
    type: z.enum(['steps', 'cosine']).default('steps').describe('course of the learning rate'),
    // torchvision: min(1000, one epoch) iterations from a thousandth of the rate.
    warmupIterations: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .describe('iterations of linear warm-up; null: a tenth of all, at most 1000'),
    // detectron2's 1x schedule drops at 60k and 80k of 90k iterations.
    milestones: z
      .array(z.int().min(1))
      .nullable()
      .default(null)
      .describe('iterations at which the rate drops (steps); null: after 2/3 and 8/9 of all'),
    gamma: z.number().positive().max(1).default(0.1).describe('factor of each drop'),
  })
  .prefault({})
  .describe('how the learning rate changes');
