import { z } from 'zod';
import type { CocoCategory } from '../../datasets/coco/category-map';
import { InputError } from '../../detection/errors';
import { modelDefinition, modelDefinitions, modelNames } from '../../detection/modeling/definitions';
import { normNames, type DetectorOptions, type ModelDefinition } from '../../detection/modeling/detector';
import type { InputSpec } from '../../detection/structures/input-spec';
import { readCheckpointState } from '../checkpoints/checkpoint';
import type { WeightsContents } from '../formats/pickle/pickled-state-dict';
import { cocoCategories } from '../../datasets/coco/coco-categories';
import type { LocatedWeights } from './locate-weights';
import { detectorInput } from '../../detection/structures/image-sides';
import { changedSettings } from '../settings/changed-settings';
import { knownSettings } from './known-settings';
import { normOf } from './norm-of';

const categories = z.array(z.object({ id: z.int(), name: z.string() })).min(1);
const epsilon = z.number().min(0).nullable();
const side = z.int().min(1);

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
const detectorMetadata = z.object({
  model: z.string(),
  /** Of DetectorOptions, those that decide what the weights mean. null: the model's own epsilon. */
  options: z.object({
    norm: z.enum(normNames),
    epsilon,
    input: inputSpec,
    /** Those that are not the model's own. */
    settings: z.record(z.string(), z.unknown()).optional(),
  }),
  categories,
});

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

export type DetectorMetadata = z.output<typeof detectorMetadata>;

const anyMetadata = z.union([detectorMetadata, earlierMetadata]);

/** What is known of a detector beside its tensors. */
export interface KnownDetector {
  readonly definition: ModelDefinition;
  readonly options: Pick<DetectorOptions, 'norm' | 'epsilon' | 'input' | 'settings'>;
  /** By label - 1. */
  readonly categories: readonly CocoCategory[];
}

/** The key of safetensors' metadata for a detector's in JSON. */
export const DETECTOR_METADATA = 'faster_rcnn_detector';

/** What transformers and other readers of safetensors expect of a file with torch's names and shapes. */
export const SAFETENSORS_METADATA = { format: 'pt' };

/** The metadata of a safetensors file with a detector's weights. @param metadata the detector's */
export function fileMetadata(metadata: object): Readonly<Record<string, string>> {
  return { ...SAFETENSORS_METADATA, [DETECTOR_METADATA]: JSON.stringify(metadata) };
}

/** What to write down of a detector. */
export function metadataOf({ definition, options, categories }: KnownDetector): DetectorMetadata {
  const { norm = definition.pretrainedNorm, epsilon = null, input = definition.input } = options;
  const settings = changedSettings(definition.settings.values, options.settings ?? {});
  return {
    model: definition.name,
    options: { norm, epsilon, input, ...(Object.keys(settings).length > 0 && { settings }) },
    categories: [...categories],
  };
}

/**
 * What is known of the detector that weights are of, beside its tensors: from the checkpoint that they are in, because
 * torchvision published them, or since the file says so. Undefined where nothing is.
 *
 * @param wanted a model that may be meant, registered or not
 * @throws InputError where a checkpoint is damaged, or a file's metadata are.
 */
export function knownDetector(
  { file, checkpoint, published }: LocatedWeights,
  { tensors, metadata }: WeightsContents,
  wanted?: ModelDefinition,
): KnownDetector | undefined {
  if (checkpoint !== undefined) {
    // Whoever trains a model of their own through the library says nothing here.
    const said = anyMetadata.safeParse(readCheckpointState(checkpoint).metadata).data;
    return said && fromMetadata(checkpoint, said, wanted);
  }
  if (published?.weights.of === 'detector') {
    const { definition, weights } = published;
    const norm = normOf(definition, [...tensors.keys()]);
    const options = { norm, epsilon: weights.epsilon, input: definition.input };
    return { definition, options, categories: cocoCategories() };
  }
  const json = metadata[DETECTOR_METADATA];
  return json === undefined ? undefined : fromMetadata(file, parseMetadata(file, json), wanted);
}

/** @throws InputError where the model is not known here, or cannot have the settings. */
function fromMetadata(
  file: string,
  { model, options, categories }: DetectorMetadata,
  wanted: ModelDefinition | undefined,
): KnownDetector {
  const { norm, epsilon, input } = options;
  const isOfWanted = wanted?.name === model;
  const definition = isOfWanted ? wanted : modelDefinitions.find(({ name }) => name === model);
  if (definition === undefined) {
    throw new InputError(
      'unregistered-model',
      `${file}: is of the model ${model}, which is not known here: call registerModel with its definition, ` +
        'or name its file on the command line: --model FILE.js',
      { file, model },
    );
  }
  const settings = knownSettings(file, definition, options.settings ?? {}, categories.length);
  return { definition, options: { norm, epsilon: epsilon ?? undefined, input, settings }, categories };
}

function parseMetadata(file: string, json: string): DetectorMetadata {
  try {
    return anyMetadata.parse(JSON.parse(json));
  } catch {
    throw new InputError(
      'detector-metadata',
      `${file}: its metadata ${DETECTOR_METADATA} is not what rcnn convert writes`,
      { file },
    );
  }
}
