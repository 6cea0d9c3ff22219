import { InputError } from '../../detection/errors';
import { modelDefinitions } from '../../detection/modeling/definitions';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { readableMetadata, type DetectorMetadata, type KnownDetector } from './detector-metadata';
import { knownSettings } from './known-settings';

/** The key of safetensors' metadata for a detector's in JSON. */
export const DETECTOR_METADATA = 'faster_rcnn_detector';

/** What transformers and other readers of safetensors expect of a file with torch's names and shapes. */
export const SAFETENSORS_METADATA = { format: 'pt' };

/** The metadata of a safetensors file with a detector's weights. @param metadata the detector's */
export function fileMetadata(metadata: object): Readonly<Record<string, string>> {
  return { ...SAFETENSORS_METADATA, [DETECTOR_METADATA]: JSON.stringify(metadata) };
}

/**
 * The detector that the metadata of a safetensors file say it is of; undefined where they say nothing.
 *
 * @param file for messages.
 * @param wanted a model that may be meant, registered or not
 * @throws InputError where they are damaged, or of a model that is not known here.
 */
export function detectorOfFile(
  file: string,
  metadata: Readonly<Record<string, string>>,
  wanted?: ModelDefinition,
): KnownDetector | undefined {
  const json = metadata[DETECTOR_METADATA];
  return json === undefined ? undefined : fromMetadata(file, parseMetadata(file, json), wanted);
}

/**
 * The detector that metadata are of.
 *
 * @throws InputError where the model is not known here, or cannot have the settings.
 */
export function fromMetadata(
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
