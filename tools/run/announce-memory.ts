import type { CocoDataset } from '../../datasets/coco/annotations';
import { batchesPerStep, type CompleteConfiguration } from '../config/complete';
import type { BatchShape } from '../memory/probe-batch';
import { stepBytes } from '../memory/step-bytes';
import { residentPeak, trainedBytes } from '../memory/training-memory';
import { formatBytes } from '../terminal/format-bytes';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import { largestBatch } from './largest-batch';
import type { Learner } from './start-detector';

/**
 * Says about how much memory a training will take at its peak, and warns where the machine, or the container that the process runs in,
 * has less.
 *
 * @param memory of this process, bytes: what it has, and what it can have beyond that
 */
export function announceMemory(
  { model }: Pick<Learner, 'model'>,
  configuration: CompleteConfiguration,
  train: CocoDataset,
  memory = { resident: process.memoryUsage.rss(), available: process.availableMemory() },
): void {
  const { resident } = memory;
  const shape = largestBatch(train.images, model.input, configuration);
  const peak = expectedPeak(model, shape, configuration, resident);
  if (peak === undefined) return;
  logLine(
    `memory: about ${formatBytes(peak)} for a step of ${pluralize(shape.images, 'image')} of ${shape.width}x${shape.height}`,
  );
  const available = memory.available + resident;
  if (peak > available)
    logLine(
      `warning: this process can have ${formatBytes(available)}; the system stops a process that needs more. ` +
        'A smaller model.minSize or data.batchSize needs less (optimizer.accumulate makes steps of several batches); ' +
        'rcnn benchmark memory --fits says what fits',
    );
}

/** Undefined, said so, where the step that it is estimated from fails: the training itself may not. */
function expectedPeak(
  model: Learner['model'],
  shape: BatchShape,
  configuration: CompleteConfiguration,
  resident: number,
): number | undefined {
  try {
    const trained = trainedBytes(model);
    const state = trained * copiesOfParameters(configuration);
    return residentPeak(stepBytes(model, shape), shape, { resident, trained, state });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logLine(`memory: not known beforehand: a trial step on random pictures failed: ${reason}`);
    return undefined;
  }
}

/** What the optimizer remembers of each parameter, and the sum of its gradients where a step has several batches. */
function copiesOfParameters(configuration: CompleteConfiguration): number {
  const { optimizer } = configuration;
  const remembered = optimizer.type === 'adamw' ? 2 : Number(optimizer.momentum > 0);
  return remembered + Number(batchesPerStep(configuration) > 1);
}
