/** Trainings on small batches, and whether two of them were the same. */
import { constant } from '../../../../detection/engine/schedules';
import { Sgd } from '../../../../detection/engine/sgd';
import { train } from '../../../../detection/engine/train';
import type { Trainable } from '../../../../detection/nn/trainable';
import type { DetectionBatch } from '../../../../detection/structures/detection-batch';
import { loadCheckpoint, saveCheckpoint } from '../../../../weights/checkpoints/checkpoint';
import { smallBatch } from './small-detector';

/** Relative: of losses to themselves, of gradients to the largest element of each. */
const TOLERANCE = 1e-6;

/** What a run did. Lists have an entry for each step. */
export interface Run {
  readonly losses: Record<string, number>[];
  readonly gradients: Map<string, Float32Array>[];
  /** What the model has counted (anchors and proposals that were drawn, say), and the states of its streams afterwards. */
  readonly drawn: unknown[];
}

/** Some steps of a run, or those of several runs one after the other. */
export function stepsOf(runs: readonly Run[], count?: number): Run {
  return {
    losses: runs.flatMap(({ losses }) => losses).slice(0, count),
    gradients: runs.flatMap(({ gradients }) => gradients).slice(0, count),
    drawn: runs.flatMap(({ drawn }) => drawn).slice(0, count),
  };
}

/** Each batch is freed when the next is asked for. */
function* smallBatches(from: number): Generator<DetectionBatch> {
  for (let id = from; ; id++) {
    const batch = smallBatch(id);
    try {
      yield batch;
    } finally {
      batch.images.tensor.dispose();
    }
  }
}

export async function runTraining(
  model: Trainable<DetectionBatch>,
  { steps, from, saveTo }: { steps: number; from?: string | undefined; saveTo?: string },
): Promise<Run> {
  const run: Run = { losses: [], gradients: [], drawn: [] };
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
  const startIteration = from === undefined ? 0 : loadCheckpoint(from, { model, optimizer }).iteration;
  try {
    const { iteration } = await train(smallBatches(startIteration), model, {
      optimizer,
      learningRate: constant(0.01),
      iterations: steps,
      startIteration,
      // The one place where the trainer shows its gradients.
      clipGradients: (gradients) => {
        const values = [...gradients].map(([name, value]) => [name, value.dataSync().slice()] as const);
        run.gradients.push(new Map(values as [string, Float32Array][]));
      },
      hooks: [
        {
          name: 'observe',
          afterStep: ({ storage }) => {
            const values = (names: Iterable<string>) =>
              Object.fromEntries([...names].map((name) => [name, storage.latest(name)!.value]));
            run.losses.push(values(storage.lossNames));
            run.drawn.push({
              counts: values([...storage.scalarNames].filter((name) => name.includes('/num_'))),
              states: [...model.randomStreams()].map(({ name, state }) => [name, [...state]]),
            });
          },
        },
      ],
    });
    if (saveTo)
      saveCheckpoint(saveTo, { model, optimizer }, { iteration, hooks: {}, metrics: {}, metadata: {} });
  } finally {
    optimizer.dispose();
  }
  return run;
}

/** Largest difference of two lists of numbers, relative to the largest of the expected ones. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [largest, scale] = [actual.length === expected.length ? 0 : Infinity, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return largest === 0 ? 0 : largest / scale;
}

export function expectSameRun(actual: Run, expected: Run): void {
  expect(actual.drawn).toEqual(expected.drawn);
  expect(actual.losses).toHaveLength(expected.losses.length);
  expected.losses.forEach((losses, step) => {
    expect(Object.keys(actual.losses[step])).toEqual(Object.keys(losses));
    for (const [name, value] of Object.entries(losses)) {
      expect(difference([actual.losses[step][name]], [value])).toBeLessThanOrEqual(TOLERANCE);
    }
  });
  const deviating = expected.gradients.flatMap((gradients, step) => {
    expect([...actual.gradients[step].keys()].sort()).toEqual([...gradients.keys()].sort());
    return [...gradients]
      .map(([name, gradient]) => ({
        step,
        name,
        by: difference(actual.gradients[step].get(name)!, gradient),
      }))
      .filter(({ by }) => !(by <= TOLERANCE));
  });
  expect(deviating).toEqual([]);
}
