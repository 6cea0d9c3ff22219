import { InputError } from '../../errors';
import type { Detector, DetectorOptions, ModelDefinition } from '../detector';
import { c4Models } from './detectron2/c4';
import { cascadeRcnnModels } from './detectron2/cascade-rcnn';
import { detectron2RcnnModels } from './detectron2/rcnn';
import { fasterRcnnModels } from './faster-rcnn';
import { fcosModels } from './fcos';
import { keypointRcnnModels } from './keypoint-rcnn';
import { maskKeypointRcnnModels } from './mask-keypoint-rcnn';
import { maskRcnnModels } from './mask-rcnn';
import { retinaNetModels } from './retinanet';
import { ssdLiteModels } from './ssdlite';

const builtIn: readonly ModelDefinition[] = [
  ...fasterRcnnModels,
  ...maskRcnnModels,
  ...keypointRcnnModels,
  ...maskKeypointRcnnModels,
  ...cascadeRcnnModels,
  ...detectron2RcnnModels,
  ...c4Models,
  ...retinaNetModels,
  ...fcosModels,
  ...ssdLiteModels,
];
const definitions = [...builtIn];
const names = definitions.map(({ name }) => name);

/** Every model that has a name here: the project's own, then those that have been registered. */
export const modelDefinitions: readonly ModelDefinition[] = definitions;

/** Their names: what `createDetector` takes. */
export const modelNames: readonly string[] = names;

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

/** Another model has the name that one is to be registered under. */
export class ModelNameTakenError extends InputError {
  override readonly name = 'ModelNameTakenError';

  /** @internal */
  constructor(
    /** The name. */
    readonly model: string,
  ) {
    super('model-name-taken', `there is another model of the name ${model}`);
  }
}

/**
 * Makes a model of one's own known by its name in this process: to `createDetector`, and to whoever loads a checkpoint, or a file,
 * that says it is of this model. Registered once more, the same definition changes nothing.
 *
 * @throws ModelNameTakenError
 */
export function registerModel(definition: ModelDefinition): void {
  const { name } = definition;
  if (definitions.includes(definition)) return;
  if (names.includes(name)) throw new ModelNameTakenError(name);
  definitions.push(definition);
  names.push(name);
}

/** Whether a model is one of the project's own: of these every build has the code. */
export function isBuiltIn(definition: ModelDefinition): boolean {
  return builtIn.includes(definition);
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
