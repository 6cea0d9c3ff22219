import { z } from 'zod';
import { modelNames } from '../../../detection/modeling/definitions';
import { normNames } from '../../../detection/modeling/detector';
import type { Fields } from '../../../weights/settings/setting-fields';

/** Pixels of a side: above it one picture is larger than any that is decoded, and a batch than most memories. */
export const MAX_SIDE = 16384;

/** The keys that every model has, beside its name. */
const keys = {
  // null leaves the sizes to the model: 800 and 1333 for torchvision's.
  minSize: z
    .int()
    .min(1)
    .max(MAX_SIDE)
    .nullable()
    .default(null)
    .describe('shorter side after resizing, pixels; null: the model’s'),
  maxSize: z
    .int()
    .min(1)
    .max(MAX_SIDE)
    .nullable()
    .default(null)
    .describe('longer side at most, pixels; null: in proportion to minSize'),
  trainableLayers: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'backbone stages that train, from the last; null: 3 with weights (SSDlite all), else all (torchvision); ResNets have 5, MobileNets 6',
    ),
  freeze: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'parameters that are not trained, in addition to what trainableLayers freezes: the beginnings of names up to a dot, * in them any characters: [backbone, "*.bias"]',
    ),
  norm: z
    .enum(normNames)
    .nullable()
    .default(null)
    .describe('normalization; null: batch without weights, in v2 and SSDlite, else frozen (torchvision)'),
  normEpsilon: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      'epsilon of batch normalization; null: that of the weights if known (0 for COCO_V1 of fasterrcnn_resnet50_fpn), else the model’s',
    ),
  weights: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('initial weights: a file of a detector or a classifier, or torchvision’s by name (COCO_V1)'),
};

/**
 * Section `model` of a training configuration.
 *
 * @param own keys of one model, beside those of all
 */
export function modelSection(own: Fields) {
  // Models may have been registered since the last time.
  const name = z.enum(modelNames as [string, ...string[]]).describe('which detector');
  const all: { name: typeof name } & typeof keys = { name, ...keys, ...own };
  return z.strictObject(all).describe('the detector');
}
