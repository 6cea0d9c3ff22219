import { InputError } from '../detection/errors';
import type { FasterRcnn } from '../detection/modeling/faster-rcnn';
import { buildDetector } from '../detection/modeling/models';
import type { CompleteConfiguration } from './config/complete';
import { matchesPattern, requireMatch } from './parameter-pattern';
import { say } from './progress';
import { loadStartWeights, readStartWeights } from './start-weights';

/**
 * A new detector, with its start weights unless a checkpoint's are to replace them; and the configuration, with what the start
 * weights decide.
 */
export async function startDetector(
  configuration: CompleteConfiguration,
  numClasses: number,
  { isToBeRestored = false } = {},
): Promise<{ model: FasterRcnn; configuration: CompleteConfiguration }> {
  const { name, norm, trainableLayers, weights } = configuration.model;
  const start = weights === null || isToBeRestored ? undefined : await readStartWeights(weights, name);
  const normEpsilon = configuration.model.normEpsilon ?? start?.normEpsilon ?? null;
  const model = buildDetector(name, {
    numClasses,
    seed: configuration.seed,
    norm,
    normEpsilon: normEpsilon ?? undefined,
    trainableLayers,
  });
  try {
    freeze(model, configuration.model.freeze);
    if (start) say(loadStartWeights(model, start));
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model, configuration: { ...configuration, model: { ...configuration.model, normEpsilon } } };
}

/** @throws InputError where a pattern matches nothing, or nothing is left to train. */
function freeze(model: FasterRcnn, patterns: readonly string[]): void {
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
  if (!model.trainable) throw new InputError('model.freeze: every parameter of the model is frozen');
}
