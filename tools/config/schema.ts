import { z } from 'zod';
import { modelNames } from '../../detection/modeling/models';

/**
 * Everything that decides a training run. Every default stands here and nowhere else; null means "derived", and
 * `completeConfiguration` says from what. Names of files in a configuration file are relative to the folder that
 * the command runs in, as on the command line.
 */
export const trainingConfigurationSchema = z.strictObject({
  model: z
    .strictObject({
      name: z.enum(modelNames).describe('which detector'),
      // null leaves the sizes to the model: 800 and 1333 for torchvision's.
      minSize: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('shorter side after resizing, pixels; null: the model’s'),
      maxSize: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('longer side at most, pixels; null: in proportion to minSize'),
      trainableLayers: z
        .int()
        .min(0)
        .max(6)
        .nullable()
        .default(null)
        .describe(
          'backbone stages that train, from the last; null: 3 with weights, else all (torchvision); ResNets have 5, MobileNets 6',
        ),
      norm: z
        .enum(['frozen', 'batch', 'group'])
        .nullable()
        .default(null)
        .describe('normalisation; null: batch without weights and in v2, else frozen (torchvision)'),
      normEpsilon: z
        .number()
        .min(0)
        .nullable()
        .default(null)
        .describe(
          'epsilon of batch normalisation; null: that of the weights if known (0 for COCO_V1 of fasterrcnn_resnet50_fpn), else the model’s',
        ),
      weights: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe('start weights: a file of a detector or a classifier, or torchvision’s by name (COCO_V1)'),
    })
    .describe('the detector'),
  data: z
    .strictObject({
      trainAnnotations: z.string().min(1).describe('COCO instances file to train on'),
      trainImages: z.string().min(1).describe('folder of its images'),
      valAnnotations: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe('COCO instances file to evaluate on'),
      valImages: z.string().min(1).nullable().default(null).describe('folder of its images'),
      skipInvalid: z
        .boolean()
        .default(false)
        .describe(
          'leave out invalid images and annotations rather than refuse a set; left-out.json lists them',
        ),
      // torchvision's references/detection/train.py: 2 images and 4 workers per GPU; one decodes faster than a CPU trains.
      batchSize: z.int().min(1).default(2).describe('images per iteration'),
      workers: z.int().min(1).default(1).describe('threads that decode and resize'),
      trainMinSizes: z
        .array(z.int().min(1))
        .min(1)
        .nullable()
        .default(null)
        .describe('shorter sides to draw from in training, pixels; null: model.minSize alone'),
      // torchvision's DetectionPresetTrain: hflip_prob=0.5
      flip: z.number().min(0).max(1).default(0.5).describe('probability of a horizontal flip'),
    })
    .describe('what it trains on'),
  optimizer: z
    .strictObject({
      // torchvision trains detectors with SGD and momentum 0.9.
      type: z.enum(['sgd', 'adamw']).default('sgd').describe('update rule'),
      lr: z
        .number()
        .positive()
        .nullable()
        .default(null)
        .describe('learning rate; null: 0.00125 an image (sgd), 0.001 (adamw)'),
      momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of sgd'),
      weightDecay: z
        .number()
        .min(0)
        .nullable()
        .default(null)
        .describe('weight decay, decoupled with adamw; null: 0.0001 (sgd), 0.01 (adamw)'),
    })
    .prefault({})
    .describe('how it learns'),
  schedule: z
    .strictObject({
      type: z.enum(['steps', 'cosine']).default('steps').describe('course of the learning rate'),
      // torchvision: min(1000, one epoch) iterations from a thousandth of the rate.
      warmupIterations: z
        .int()
        .min(0)
        .nullable()
        .default(null)
        .describe('iterations of linear warm-up; null: a tenth of all, at most 1000'),
      // detectron2's 1x schedule drops at 60k and 80k of 90k iterations.
      milestones: z
        .array(z.int().min(1))
        .nullable()
        .default(null)
        .describe('iterations at which the rate drops (steps); null: after 2/3 and 8/9 of all'),
      gamma: z.number().positive().max(1).default(0.1).describe('factor of each drop'),
    })
    .prefault({})
    .describe('how the learning rate changes'),
  clipGradientNorm: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('largest norm of the gradient; null: no clipping'),
  iterations: z.int().min(1).default(1000).describe('optimizer steps'),
  evaluateEvery: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('iterations between evaluations; null: only at the end'),
  // detectron2: SOLVER.CHECKPOINT_PERIOD = 5000, for 90k iterations; ours are shorter.
  checkpointEvery: z.int().min(1).default(500).describe('iterations between checkpoints'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('seed of every random choice'),
});

/** A run's configuration as it stands in `config.yaml`. */
export type TrainingConfiguration = z.output<typeof trainingConfigurationSchema>;
