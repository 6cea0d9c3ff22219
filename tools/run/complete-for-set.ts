import type { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';
import { imagesPerRound } from '../../datasets/loader/batch-plan';
import { completeConfiguration, type CompleteConfiguration } from '../config/complete';
import type { TrainingConfiguration } from '../config/schema';

/** A configuration with nothing left to derive, now that its training set has been read: epochs are iterations. */
export function completeForSet(
  configuration: TrainingConfiguration,
  set: CocoDataset,
): CompleteConfiguration {
  const { epochs, data } = configuration;
  if (epochs === null) return completeConfiguration(configuration);
  return completeConfiguration(configuration, imagesPerRound(cocoExamples(set), data.repeatThreshold));
}
