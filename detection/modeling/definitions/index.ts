import { InputError } from '../../errors';
import type { Detector, DetectorOptions, ModelDefinition } from '../detector';
import { fasterRcnnModels } from './faster-rcnn';
import { fcosModels } from './fcos';
import { retinaNetModels } from './retinanet';
import { ssdLiteModels } from './ssdlite';

/** Every model that has a name here. */
export const modelDefinitions: readonly ModelDefinition[] = [
  ...fasterRcnnModels,
  ...retinaNetModels,
  ...fcosModels,
  ...ssdLiteModels,
];

/** Their names: what `createDetector` takes. */
export const modelNames: readonly string[] = modelDefinitions.map(({ name }) => name);

/** There is no model of this name. */
export class UnknownModelError extends InputError {
  override readonly name = 'UnknownModelError';

  /** @internal */
  constructor(
    /** What was asked for. */
    readonly model: string,
  ) {
    super('unknown-model', `there is no model ${model}; there are ${modelNames.join(', ')}`);
  }
}

/** @throws UnknownModelError */
export function modelDefinition(name: string): ModelDefinition {
  const found = modelDefinitions.find((definition) => definition.name === name);
  if (!found) throw new UnknownModelError(name);
  return found;
}

/**
 * Builds a detector with random weights, which wait to be replaced by pretrained ones unless `options.norm` is given. The
 * caller disposes it.
 *
 * @throws UnknownModelError; RangeError where options do not go together, or with this model.
 */
export function createDetector(name: string, options: DetectorOptions): Detector {
  return modelDefinition(name).build(options);
}
