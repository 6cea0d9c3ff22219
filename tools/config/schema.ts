import { z } from 'zod';
import { precisionChoices } from '../../detection/backend/node-precision';
import { modelDefinitions } from '../../detection/modeling/definitions';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { DEFAULT_KEEP } from '../../weights/checkpoints/checkpoint-hook';
import { requireConsistency } from './consistency';
import { settingsOf } from './model-settings';
import { dataSection } from './sections/data-section';
import { earlyStoppingSection } from './sections/early-stopping-section';
import { modelSection } from './sections/model-section';
import { optimizerSection, scheduleSection } from './sections/optimizer-section';
import { fieldsOfAny, settingFields, type Fields } from '../../weights/settings/setting-fields';

/** The primary metric of COCO. */
export const DEFAULT_BEST_METRIC = 'val/AP';

/** Of a run that is told neither iterations nor epochs. */
export const DEFAULT_ITERATIONS = 1000;

/** More passes over a data set than anybody makes: a number that was meant for another key. */
const MAX_EPOCHS = 1e6;

/** More processes than anybody has machines. */
const MAX_RANKS = 4096;

/** The keys that do not depend on the model, each checked for itself. */
const keys = {
  data: dataSection,
  optimizer: optimizerSection,
  schedule: scheduleSection,
  precision: z
    .enum(precisionChoices)
    .default('float32')
    .describe(
      'what layers compute in: bfloat16 is faster and takes less memory; auto: bfloat16 where the processor has AMX or avx512_bf16',
    ),
  ranks: z
    .int()
    .min(1)
    .max(MAX_RANKS)
    .default(1)
    .describe(
      'processes that share the work: each computes data.batchSize x optimizer.accumulate images of an iteration',
    ),
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
  iterations: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(`optimizer steps; null: derived from epochs, else ${DEFAULT_ITERATIONS}`),
  epochs: z
    .number()
    .positive()
    .max(MAX_EPOCHS)
    .nullable()
    .default(null)
    .describe('passes over the training set, instead of iterations'),
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
    .describe(
      'what makes a checkpoint the best: val/AP, val/AP50, val/segm/AP, val/keypoints/AP, val/total_loss, ... of metrics.jsonl',
    ),
  earlyStopping: earlyStoppingSection,
  // detectron2: SOLVER.CHECKPOINT_PERIOD = 5000, for 90k iterations; ours are shorter.
  checkpointEvery: z.int().min(1).default(500).describe('iterations between checkpoints'),
  keepCheckpoints: z
    .int()
    .min(1)
    .default(DEFAULT_KEEP)
    .describe('latest checkpoints to keep, besides the best'),
  keepEvery: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('iterations between checkpoints that are kept permanently; null: none'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('seed of every random choice'),
};

/** @param own keys of one model in its section, beside those of all */
function keysSchema(own: Fields) {
  return z.strictObject({ model: modelSection(own), ...keys });
}

/**
 * Everything that decides a training run. Every default stands in its sections, those of a model's settings in its definition,
 * and nowhere else; null means "derived", and `completeConfiguration` says from what. Names of files in a configuration file
 * are relative to the folder that the command runs in, as on the command line.
 *
 * @param model whose settings are keys too; without one, the keys that every model has
 */
export function trainingConfigurationSchema(model?: ModelDefinition) {
  const own = model ? settingFields(model.settings.schema, model.settings.values) : {};
  return keysSchema(own).superRefine((configuration, context) => {
    requireConsistency(configuration, context);
    if (!model) return;
    for (const { setting, reason } of model.settings.faults(settingsOf(model, configuration.model))) {
      context.addIssue({ code: 'custom', path: ['model', ...setting.split('.')], message: reason });
    }
  });
}

/** The same where the model is not known: its keys may be any model's, and what they say is not checked. */
export function configurationSchemaOfAnyModel() {
  const own = fieldsOfAny(modelDefinitions.map(({ settings }) => settings.schema));
  return keysSchema(own).superRefine(requireConsistency);
}

/** A run's configuration as it stands in `config.yaml`. Its model's settings are keys of `model`: `settingsOf` has them. */
export type TrainingConfiguration = z.output<ReturnType<typeof keysSchema>>;
