import { z } from 'zod';
import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import { modelDefinition, modelNames } from '../../detection/modeling/definitions';
import {
  normNames,
  type Detector,
  type DetectorOptions,
  type ModelDefinition,
} from '../../detection/modeling/detector';
import { Module } from '../../detection/nn/module';
import { batchNormEpsilon } from '../../detection/nn/normalization';
import { detectorInput } from '../../detection/structures/image-sides';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import { changedSettings } from '../settings/changed-settings';
import { normOf } from './norm-of';
import { scoreThresholds, type ScoreThresholds } from './score-thresholds';

const categories = z.array(z.object({ id: z.int(), name: z.string() })).min(1);
const epsilon = z.number().min(0).nullable();
const side = z.int().min(1);

const index = z.int().min(0);

/** What JSON has of keypoints. */
export const keypointLayout = z
  .object({
    names: z.array(z.string()).min(1).readonly(),
    flipPairs: z.array(z.tuple([index, index]).readonly()).readonly(),
    skeleton: z.array(z.tuple([index, index]).readonly()).readonly(),
    sigmas: z.array(z.number().positive()).readonly().optional(),
  })
  .refine(
    ({ names, flipPairs, skeleton, sigmas = names }) =>
      [...flipPairs, ...skeleton].flat().every((k) => k < names.length) && sigmas.length === names.length,
  ) satisfies z.ZodType<KeypointLayout>;

const inputSpec = z.object({
  resize: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('shorter-side'), minSize: side, maxSize: side }),
    z.object({ kind: z.literal('fixed'), height: side, width: side }),
  ]),
  mean: z.array(z.number()).length(3).readonly(),
  std: z.array(z.number().positive()).length(3).readonly(),
  channels: z.enum(['rgb', 'bgr']),
  sizeDivisor: side,
}) satisfies z.ZodType<InputSpec>;

/**
 * What a checkpoint's `metadata` holds of its detector, so that nobody has to name the model again, and what safetensors
 * get from `rcnn convert`.
 */
const writtenMetadata = z.object({
  model: z.string(),
  /** Of DetectorOptions, those that decide what the weights mean. null: the model's own epsilon. */
  options: z.object({
    norm: z.enum(normNames),
    epsilon,
    input: inputSpec,
    /** Those that are not the model's own. */
    settings: z.record(z.string(), z.unknown()).optional(),
    /** Of a model that finds some. */
    keypoints: keypointLayout.optional(),
  }),
  categories,
  /** From which scores on detections count, where that has been found out. */
  scoreThresholds: scoreThresholds.optional(),
});

export type DetectorMetadata = z.output<typeof writtenMetadata>;

/** What it held before: a part of the run's configuration. The very first had no epsilon. */
const earlierMetadata = z
  .object({
    categories,
    configuration: z.object({
      model: z.object({
        // There were no models but the program's own.
        name: z.enum(modelNames as [string, ...string[]]),
        minSize: side,
        maxSize: side,
        norm: z.enum(normNames),
        normEpsilon: epsilon.default(null),
      }),
    }),
  })
  .transform(({ categories, configuration: { model } }): DetectorMetadata => {
    const input = detectorInput(modelDefinition(model.name), model);
    return {
      model: model.name,
      options: { norm: model.norm, epsilon: model.normEpsilon, input },
      categories,
    };
  });

/** What is read: as it is written now, and as it was. */
export const readableMetadata = z.union([writtenMetadata, earlierMetadata]);

/** What is known of a detector beside its tensors. */
export interface KnownDetector {
  readonly definition: ModelDefinition;
  readonly options: Pick<DetectorOptions, 'norm' | 'epsilon' | 'input' | 'settings' | 'keypoints'>;
  /** By label - 1. */
  readonly categories: readonly CocoCategory[];
  /** From which scores on detections count, where that has been found out. */
  readonly scoreThresholds?: ScoreThresholds;
}

/** What to write down of a detector. */
export function metadataOf({
  definition,
  options,
  categories,
  scoreThresholds,
}: KnownDetector): DetectorMetadata {
  const { norm = definition.pretrainedNorm, epsilon = null, input = definition.input } = options;
  const { keypoints } = options;
  const settings = changedSettings(definition.settings.values, options.settings ?? {});
  return {
    model: definition.name,
    options: {
      ...{ norm, epsilon, input },
      ...(Object.keys(settings).length > 0 && { settings }),
      ...(keypoints && { keypoints }),
    },
    categories: [...categories],
    ...(scoreThresholds && { scoreThresholds }),
  };
}

/** What is said of a detector beside its weights. */
export interface DetectorMetadataOptions {
  /** Ids and names, by label - 1. Default: the detector's names, with ids from 1. */
  readonly categories?: readonly CocoCategory[];
  /** From which scores on detections count. */
  readonly scoreThresholds?: ScoreThresholds;
}

/** What `loadDetector` has to know of a detector beside its weights. */
export function detectorMetadata(
  detector: Detector,
  {
    categories = detector.categories.map((name, k) => ({ id: k + 1, name })),
    scoreThresholds,
  }: DetectorMetadataOptions = {},
): Readonly<Record<string, unknown>> {
  const { definition, input, settings, keypoints } = detector;
  const entries = [...detector.namedParameters(), ...detector.namedBuffers()].map(([name]) => name);
  const epsilon = detector instanceof Module ? batchNormEpsilon(detector) : undefined;
  return metadataOf({
    definition,
    options: { norm: normOf(definition, entries), epsilon, input, settings, keypoints },
    categories,
    scoreThresholds,
  });
}
