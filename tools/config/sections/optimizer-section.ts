import { z } from 'zod';

/** An iteration of more batches ends in no reasonable time: a number that was meant for another key. */
const MAX_ACCUMULATED = 65536;

/** Parameters that are treated alike, as torch.optim's parameter groups. */
const parameterGroup = z.strictObject({
  match: z.string().min(1),
  learningRateFactor: z.number().positive().default(1),
  weightDecay: z.number().min(0).nullable().default(null),
});

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
      .describe('learning rate; null: 0.00125 for each image of an iteration (sgd), 0.001 (adamw)'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of sgd'),
    weightDecay: z
      .number()
      .min(0)
      .nullable()
      .default(null)
      .describe('weight decay, decoupled with adamw; null: 0.0001 (sgd), 0.01 (adamw)'),
    groups: z
      .array(parameterGroup)
      .default([])
      .describe(
        'parameters with a rate or decay of their own, the first that matches counts: [{match: backbone, learningRateFactor: 0.1, weightDecay: 0}]; match is the beginning of a name up to a dot, * in it any characters',
      ),
    // torchvision's references average only where they are told to (--model-ema).
    emaDecay: z
      .number()
      .gt(0)
      .lt(1)
      .nullable()
      .default(null)
      .describe(
        'exponential moving average of the weights, which is evaluated, saved and used: its decay in an iteration (0.999); null: none',
      ),
    accumulate: z
      .int()
      .min(1)
      .max(MAX_ACCUMULATED)
      .default(1)
      .describe(
        'batches of an iteration that each rank computes, whose gradients are averaged (gradient accumulation)',
      ),
  })
  .prefault({})
  .describe('the optimizer');

/** Section `schedule` of a training configuration. */
export const scheduleSection = z
  .strictObject({
    type: z.enum(['steps', 'cosine']).default('steps').describe('shape of the schedule'),
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
  .describe('the learning rate schedule');
