import { InputError } from '../../detection/errors';
import { modelDefinitions } from '../../detection/modeling/definitions';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { readCheckpointState } from '../checkpoints/checkpoint';
import type { WeightsContents } from '../formats/pickle/pickled-state-dict';
import { cocoCategories } from '../../datasets/coco/categories/coco-categories';
import type { LocatedWeights } from './locate-weights';
import { readableMetadata, type DetectorMetadata, type KnownDetector } from './detector-metadata';
import { knownSettings } from './known-settings';
import { normOf } from './norm-of';
import { unnamedKeypoints } from './unnamed-keypoints';

/** The key of safetensors' metadata for a detector's in JSON. */
export const DETECTOR_METADATA = 'faster_rcnn_detector';

/** What transformers and other readers of safetensors expect of a file with torch's names and shapes. */
export const SAFETENSORS_METADATA = { format: 'pt' };

/** The metadata of a safetensors file with a detector's weights. @param metadata the detector's */
export function fileMetadata(metadata: object): Readonly<Record<string, string>> {
  return { ...SAFETENSORS_METADATA, [DETECTOR_METADATA]: JSON.stringify(metadata) };
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
    const said = readableMetadata.safeParse(readCheckpointState(checkpoint).metadata).data;
    return said && fromMetadata(checkpoint, said, wanted);
  }
  if (published?.weights.of === 'detector') {
    const { definition, weights } = published;
    const norm = normOf(definition, [...tensors.keys()]);
    const keypoints = unnamedKeypoints(definition.stateDict.numKeypoints?.(tensors));
    const options = {
      norm,
      epsilon: weights.epsilon,
      input: definition.input,
      ...(keypoints && { keypoints }),
    };
    return { definition, options, categories: weights.categories ?? cocoCategories() };
  }
  const json = metadata[DETECTOR_METADATA];
  return json === undefined ? undefined : fromMetadata(file, parseMetadata(file, json), wanted);
}

/** @throws InputError where the model is not known here, or cannot have the settings. */
function fromMetadata(
  file: string,
  { model, options, categories, scoreThresholds }: DetectorMetadata,
  wanted: ModelDefinition | undefined,
): KnownDetector {
  const { norm, epsilon, input, keypoints } = options;
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
  return {
    definition,
    options: { norm, epsilon: epsilon ?? undefined, input, settings, ...(keypoints && { keypoints }) },
    categories,
    scoreThresholds,
  };
}

function parseMetadata(file: string, json: string): DetectorMetadata {
  try {
    return readableMetadata.parse(JSON.parse(json));
  } catch {
    throw new InputError(
      'detector-metadata',
      `${file}: its metadata ${DETECTOR_METADATA} is not what rcnn convert writes`,
      { file },
    );
  }
}
