import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import type { PlannedConfiguration } from './complete';
import { configurationKeys } from '../../weights/settings/keys';
import { trainingConfigurationSchema } from './schema';

/** Keys that may differ when a run goes on: where its data lies now, how long it runs, what it does beside training. */
const changeable: readonly string[] = [
  'data.trainAnnotations',
  'data.trainImages',
  'data.valAnnotations',
  'data.valImages',
  'data.skipInvalid',
  'data.onBrokenPicture',
  'data.workers',
  'onDivergence',
  'iterations',
  'epochs',
  'evaluateEvery',
  'validationLoss',
  'earlyStopping.patience',
  'checkpointEvery',
  'keepCheckpoints',
  'keepEvery',
];

/** @throws InputError when the run would not go on as it began. */
export function requireSameRun(
  before: PlannedConfiguration,
  now: PlannedConfiguration,
  output: string,
): void {
  const schema = trainingConfigurationSchema(modelDefinition(before.model.name));
  for (const { path } of configurationKeys(schema)) {
    const [was, is] = [valueAt(before, path), valueAt(now, path)].map((value) => JSON.stringify(value));
    if (was === is || changeable.includes(path)) continue;
    throw new InputError(
      'other-configuration',
      `${output}: this run has ${path} ${was}, not ${is}; resume it without changing this key, or start another run`,
      { output, key: path, was, is },
    );
  }
}

function valueAt(configuration: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], configuration);
}
