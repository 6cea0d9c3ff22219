import { z } from 'zod';
import { DEFAULT_KEEP } from '../../weights/checkpoints/checkpoint-hook';
import { requireConsistency } from './consistency';
import { dataSection } from './sections/data-section';
import { earlyStoppingSection } from './sections/early-stopping-section';
import { modelSection } from './sections/model-section';
import { optimizerSection, scheduleSection } from './sections/optimizer-section';

/** The primary metric of COCO. */
export const DEFAULT_BEST_METRIC = 'val/AP';

/** Every key, each checked for itself. */
const keysSchema = z.strictObject({
  model: modelSection,
  data: dataSection,
  optimizer: optimizerSection,
  schedule: scheduleSection,
  clipGradientNorm: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('largest norm of the gradient; null: no clipping'),
  clipGradientValue: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('largest element of the gradient, after clipGradientNorm; null: no clipping'),
  // As detectron2's trainer, which raises FloatingPointError.
  onDivergence: z
    .enum(['stop', 'skip', 'rollback'])
    .default('stop')
    .describe(
      'when a loss or a gradient is not finite: stop; skip the iteration; rollback: weights back to the last checkpoint',
    ),
  iterations: z.int().min(1).default(1000).describe('optimizer steps'),
  evaluateEvery: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('iterations between evaluations; null: only at the end'),
  // Keras's fit computes validation losses wherever there is a validation set.
  validationLoss: z
    .boolean()
    .default(true)
    .describe('whether an evaluation computes the losses of the validation set too'),
  bestMetric: z
    .string()
    .min(1)
    .default(DEFAULT_BEST_METRIC)
    .describe('what makes a checkpoint the best: val/AP, val/AP50, val/total_loss, ... of metrics.jsonl'),
  earlyStopping: earlyStoppingSection,
  // detectron2: SOLVER.CHECKPOINT_PERIOD = 5000, for 90k iterations; ours are shorter.
  checkpointEvery: z.int().min(1).default(500).describe('iterations between checkpoints'),
  keepCheckpoints: z
    .int()
    .min(1)
    .default(DEFAULT_KEEP)
    .describe('latest checkpoints that stay, beside the best'),
  keepEvery: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('iterations between checkpoints that stay for good; null: none do'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('seed of every random choice'),
});

/**
 * Everything that decides a training run. Every default stands in its sections and nowhere else; null means "derived", and
 * `completeConfiguration` says from what. Names of files in a configuration file are relative to the folder that
 * the command runs in, as on the command line.
 */
export const trainingConfigurationSchema = keysSchema.superRefine(requireConsistency);

/** A run's configuration as it stands in `config.yaml`. */
export type TrainingConfiguration = z.output<typeof keysSchema>;
