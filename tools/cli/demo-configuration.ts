import path from 'node:path';
import { completeConfiguration, type CompleteConfiguration } from '../config/complete';
import { trainingConfigurationSchema } from '../config/schema';

/** Scenes that the demo generates; all that is not said here is as `rcnn synthesize` does it. */
export const demoScenes = { numTrain: 600, numVal: 100, size: 320 } as const;

/** How the demo trains: tuned for two cores and ten minutes in all, from random weights. */
export function demoConfiguration(data: string): CompleteConfiguration {
  const images = path.join(data, 'images');
  return completeConfiguration(
    trainingConfigurationSchema.parse({
      model: { name: 'fasterrcnn_tiny_fpn' },
      data: {
        trainAnnotations: path.join(data, 'train.json'),
        trainImages: images,
        valAnnotations: path.join(data, 'val.json'),
        valImages: images,
        batchSize: 8,
      },
      optimizer: { type: 'adamw', lr: 2e-3, weightDecay: 0.05 },
      schedule: { type: 'cosine', warmupIterations: 40 },
      iterations: 520,
      checkpointEvery: 100,
    }),
  );
}
