import type { CocoDataset } from '../../datasets/coco/annotations';
import { InputError } from '../../detection/errors';
import type { Detector } from '../../detection/modeling/detector';
import { modelDefinition } from '../../detection/modeling/definitions';
import { setPrecision } from '../../detection/nn/precision';
import type { Resumable } from '../../weights/checkpoints/checkpoint';
import type { CompleteConfiguration } from '../config/complete';
import { detectorInput } from '../../detection/structures/image-sides';
import { changedSettings } from '../../weights/settings/changed-settings';
import { requireSettings, settingsOf } from '../config/model-settings';
import { makeAverage, makeOptimizer } from './make-optimizer';
import { matchesPattern, requireMatch } from './parameter-pattern';
import { logLine } from '../terminal/progress';
import { sayingDownloads } from './downloads';
import { fillDetector, readStartWeights } from '../../weights/detectors/load-weights';
import { describeLoaded } from './describe-loaded';
import { detectorKeypoints, sayMirrored } from './detector-keypoints';

const COMPUTES_IN_BFLOAT16 =
  'precision: layers compute in bfloat16; weights, gradients by them, losses and the optimizer stay float32';

/** What learns: a detector, its optimizer, and the average of its weights if there is one. */
export interface Learner extends Resumable {
  readonly model: Detector;
}

/**
 * A new detector, with its start weights unless a checkpoint's are to replace them, and what trains it, which the caller
 * disposes; and the configuration, with what the start weights decide.
 *
 * @param train its training set, whose categories and keypoints it finds
 * @throws InputError where the weights do not fit, settings do not go with the categories, or a pattern is one of no parameter.
 */
export async function startDetector(
  given: CompleteConfiguration,
  train: CocoDataset,
  { isToBeRestored = false } = {},
): Promise<{ learner: Learner; configuration: CompleteConfiguration }> {
  const { categories } = train;
  const { name, norm, trainableLayers, weights } = given.model;
  const definition = modelDefinition(name);
  const settings = settingsOf(definition, given.model);
  requireSettings(definition, settings, categories.length);
  const keypoints = detectorKeypoints(train, given);
  if (keypoints) sayMirrored(keypoints, given.data.flip);
  const start =
    weights === null || isToBeRestored
      ? undefined
      : await sayingDownloads((finding) => readStartWeights(weights, definition, finding));
  if (norm === 'frozen' && weights === null && !isToBeRestored) {
    throw new InputError(
      'norm-not-loaded',
      'model.norm: frozen needs pretrained weights; give --weights, or choose another norm',
    );
  }
  const normEpsilon = given.model.normEpsilon ?? start?.epsilon ?? null;
  const configuration = { ...given, model: { ...given.model, normEpsilon } };
  const model = definition.build({
    categories: categories.map((category) => category.name),
    seed: configuration.seed,
    norm,
    epsilon: normEpsilon ?? undefined,
    trainableLayers,
    input: detectorInput(definition, given.model),
    settings: changedSettings(definition.settings.values, settings),
    keypoints,
  });
  try {
    setPrecision(model, configuration.precision);
    if (configuration.precision === 'bfloat16') logLine(COMPUTES_IN_BFLOAT16);
    freeze(model, configuration.model.freeze);
    const optimizer = makeOptimizer(configuration, model);
    const average = makeAverage(configuration, model);
    if (start) {
      const others = changedSettings(settings, start.settings ?? settings);
      if (Object.keys(others).length > 0)
        logLine(`${start.file}: was trained with other settings of the model: ${JSON.stringify(others)}`);
      for (const line of describeLoaded(fillDetector(model, start, categories))) logLine(line);
    }
    return { learner: { model, optimizer, average }, configuration };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

export function disposeLearner({ model, optimizer, average }: Learner): void {
  average?.dispose();
  optimizer.dispose();
  model.dispose();
}

/** @throws InputError where a pattern matches nothing, or nothing is left to train. */
function freeze(model: Detector, patterns: readonly string[]): void {
  const parameters = [...model.namedParameters()];
  for (const [k, pattern] of patterns.entries()) {
    requireMatch(
      `model.freeze[${k}]`,
      pattern,
      parameters.map(([name]) => name),
    );
    for (const [name, parameter] of parameters) {
      if (matchesPattern(pattern, name)) parameter.trainable = false;
    }
  }
  if (!parameters.some(([, parameter]) => parameter.trainable))
    throw new InputError('all-frozen', 'model.freeze: every parameter of the model is frozen');
}
