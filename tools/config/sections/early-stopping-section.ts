import { z } from 'zod';

/** Section `earlyStopping` of a training configuration. */
export const earlyStoppingSection = z
  .strictObject({
    patience: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('evaluations without a better bestMetric that end the run; null: none do'),
    // Keras's and Lightning's EarlyStopping: min_delta = 0.
    minDelta: z.number().min(0).default(0).describe('what is better by no more than this is not better'),
  })
  .prefault({})
  .describe('when it ends before its last iteration');
