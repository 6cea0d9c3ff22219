import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import { batchesPerStep, type PlannedConfiguration } from './complete';
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
  'ranks',
  'optimizer.accumulate',
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

/**
 * How many batches each of so many ranks computes of a step, which stays what it is.
 *
 * @throws InputError where ranks would have to share a batch.
 */
export function accumulateOf(before: PlannedConfiguration, ranks: number): number {
  const batches = batchesPerStep(before);
  if (batches % ranks === 0) return batches / ranks;
  throw new InputError(
    'ranks-share',
    `an iteration of this run has ${batches} ${batches === 1 ? 'batch' : 'batches'} (ranks x optimizer.accumulate), which ${ranks} ranks ` +
      'cannot share evenly; resume it with a number of ranks that divides it',
    { batches, ranks },
  );
}

/** @throws InputError when the run would not go on as it began. */
export function requireSameRun(
  before: PlannedConfiguration,
  now: PlannedConfiguration,
  output: string,
): void {
  const [had, has] = [batchesPerStep(before), batchesPerStep(now)];
  if (had !== has) {
    throw new InputError(
      'other-configuration',
      `${output}: an iteration of this run has ${had} batches (ranks x optimizer.accumulate), not ${has}; leave out ` +
        'optimizer.accumulate, which then goes by the number of ranks',
      { output, key: 'optimizer.accumulate', was: String(had), is: String(has) },
    );
  }
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
