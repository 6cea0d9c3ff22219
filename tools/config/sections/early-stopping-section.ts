import { z } from 'zod';

/** Section `earlyStopping` of a training configuration. */
export const earlyStoppingSection = z
  .strictObject({
    patience: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('evaluations without a better bestMetric after which the run ends; null: never'),
    // Keras's and Lightning's EarlyStopping: min_delta = 0.
    minDelta: z.number().min(0).default(0).describe('improvements up to this size do not count'),
  })
  .prefault({})
  .describe('early stopping');
