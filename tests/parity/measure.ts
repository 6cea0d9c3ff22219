import * as tf from '@tensorflow/tfjs-core';
import { modelDefinition } from '../../detection/modeling/definitions';
import { defaultTrainableLayers } from '../../detection/modeling/definitions/complete-options';
import type { Detector } from '../../detection/modeling/detector';
import type { Parameter } from '../../detection/nn/module';
import { disposingAll } from '../../detection/nn/scope';
import { compareInference, compareTraining, TOLERANCES, worse, type Differences } from './compare';
import type { Fixture, ParityCase } from './fixture';
import { fillWithFormula } from '../../tools/benchmarks/formula-weights';
import { pictureSets } from './pictures';
import { runInference, runTraining } from './stages';

export interface Measurement {
  readonly differences: Differences;
  /** Of the pictures and of the weights: as in the fixture, or the comparison means nothing. */
  readonly pixelSums: readonly number[];
  readonly weightSums: Readonly<Record<string, number>>;
}

/** Runs our detector through everything that the fixture has torchvision's numbers for. */
export async function measure(parityCase: ParityCase, fixture: Fixture): Promise<Measurement> {
  const { model: name, seed, factors = {}, minSize, maxSize } = parityCase;
  const pictures = await pictureSets[parityCase.pictures]();
  const definition = modelDefinition(name);
  const model = definition.build({
    numClasses: fixture.numLabels - 1,
    seed: 0,
    // As torchvision builds it for pretrained weights.
    norm: definition.pretrainedNorm,
    trainableLayers: defaultTrainableLayers(definition, true),
  });
  fillWithFormula(model, seed);
  for (const [layer, factor] of Object.entries(factors)) multiply(model, `${layer}.weight`, factor);
  for (const [entry, values] of Object.entries(fixture.overrides ?? {})) override(model, entry, values);
  const weightSums = sums(model, Object.keys(fixture.weightSums));

  const batches = [...pictures.map((picture) => [picture]), pictures];
  const ofBatches = batches.map((batch, i) =>
    compareInference(runInference(model, batch, { minSize, maxSize }), fixture.inference[i]),
  );
  const { settings, ...expected } = fixture.training;
  const training = runTraining(model, pictures, settings, expected.trace.length - 1);
  model.dispose();
  return {
    differences: { ...ofBatches.reduce(worse), ...compareTraining(training, expected) },
    pixelSums: pictures.map(({ pixels }) => pixels.reduce((sum, value) => sum + value, 0)),
    weightSums,
  };
}

/**
 * What is asked for, by quantity. Where torchvision's own float32 numbers are hardly as near or farther, twice their
 * distance: which way rounding falls depends on the machine, on both sides.
 */
export function tolerances(
  { gradientTolerance, boxTolerance }: ParityCase,
  { rounding }: Fixture,
): Differences {
  const asked: Differences = {
    ...TOLERANCES,
    'gradient norms': gradientTolerance ?? TOLERANCES['gradient norms'],
    'detection boxes, pixels': boxTolerance ?? TOLERANCES['detection boxes, pixels'],
  };
  return Object.fromEntries(
    Object.keys(asked)
      .filter((quantity) => quantity in rounding) // not every trace has five steps
      .map((quantity) => [quantity, Math.max(asked[quantity], 2 * rounding[quantity])]),
  );
}

function entriesOf(model: Detector): Map<string, Parameter> {
  return new Map([...model.namedParameters(), ...model.namedBuffers()]);
}

function multiply(model: Detector, name: string, factor: number): void {
  const entry = entriesOf(model).get(name)!;
  tf.tidy(() => entry.fromDisk(tf.mul(entry.toDisk(), factor)));
}

function override(model: Detector, name: string, values: Readonly<Record<string, number>>): void {
  const entry = entriesOf(model).get(name)!;
  tf.tidy(() => {
    const onDisk = entry.toDisk();
    const changed = onDisk.dataSync<'float32'>().slice();
    for (const [index, value] of Object.entries(values)) changed[Number(index)] = value;
    entry.fromDisk(tf.tensor(changed, onDisk.shape));
  });
}

function sums(model: Detector, names: readonly string[]): Record<string, number> {
  const state = entriesOf(model);
  const entries = names.map((name) => {
    const values = disposingAll(() => state.get(name)!.toDisk().dataSync<'float32'>());
    let sum = 0;
    for (const value of values) sum += value;
    return [name, sum] as const;
  });
  return Object.fromEntries(entries);
}
