import { z } from 'zod';
import { MAX_SIDE } from './model-section';

/** Of small pictures a batch of so many still fits in memory; more is a slip of the keyboard. */
const MAX_BATCH_SIZE = 4096;
/** The cores of the largest machines: more threads take memory and open files, and load no faster. */
const MAX_WORKERS = 256;

/** Of an augmentation that is off by default. */
const probability = () => z.number().min(0).max(1).default(0);

/** Section `data` of a training configuration. */
export const dataSection = z
  .strictObject({
    trainAnnotations: z.string().min(1).describe('COCO instances file to train on'),
    trainImages: z.string().min(1).describe('folder of its images'),
    valAnnotations: z.string().min(1).nullable().default(null).describe('COCO instances file to evaluate on'),
    valImages: z.string().min(1).nullable().default(null).describe('folder of its images'),
    skipInvalid: z
      .boolean()
      .default(false)
      .describe(
        'leave out invalid images, and images with invalid annotations, rather than refuse a set; left-out.json lists them',
      ),
    onBrokenPicture: z
      .enum(['stop', 'skip'])
      .default('stop')
      .describe(
        'when a picture becomes unreadable during the run: stop after saving, or skip it; left-out.json lists it',
      ),
    // torchvision's ConvertCocoPolysToMask leaves crowds out.
    crowds: z
      .enum(['drop', 'ignore'])
      .default('drop')
      .describe(
        'what is in crowds: background, as in torchvision (drop), or neither object nor background (ignore)',
      ),
    ignoreCategories: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'categories that are none of the detector’s: their objects count neither as object nor as background',
      ),
    // torchvision's references/detection/train.py: 2 images and 4 workers per GPU; one decodes faster than a CPU trains.
    batchSize: z.int().min(1).max(MAX_BATCH_SIZE).default(2).describe('images per iteration'),
    workers: z.int().min(1).max(MAX_WORKERS).default(1).describe('threads that decode and resize'),
    trainMinSizes: z
      .array(z.int().min(1).max(MAX_SIDE))
      .min(1)
      .nullable()
      .default(null)
      .describe(
        'shorter sides to draw from in training, pixels; null: the model’s own, which is model.minSize alone of most',
      ),
    // torchvision's DetectionPresetTrain: hflip_prob=0.5
    flip: z.number().min(0).max(1).default(0.5).describe('probability of a horizontal flip'),
    keypointFlipPairs: z
      .array(z.array(z.string().min(1)).length(2))
      .nullable()
      .default(null)
      .describe(
        'pairs of keypoints that change places in a mirrored picture, [[left_eye,right_eye],...]; null: those whose names say left and right',
      ),
    keypointSigmas: z
      .array(z.number().positive())
      .nullable()
      .default(null)
      .describe(
        'for keypoint AP: how far apart people place each keypoint, in parts of the object’s size; null: the file’s, or COCO’s of a person',
      ),
    // torchvision's references take 10 of COCO's persons, which have 17; small sets may have fewer in all.
    minKeypoints: z
      .int()
      .min(0)
      .default(0)
      .describe('images with fewer labeled keypoints are not trained on; torchvision: 10'),
    // torchvision's RandomPhotometricDistort takes 0.5; it belongs to the preset for SSD, so it is off.
    photometricDistortion: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'probability of each change of brightness, contrast, saturation, hue, channels; torchvision: 0.5',
      ),
    scaleJitter: z
      .array(z.number().positive())
      .length(2)
      // Of a list of another length its length is said.
      .refine(([from, to]) => !(from > to), 'the first number must not be larger than the second')
      .nullable()
      .default(null)
      .describe('scales for large-scale jitter, from and to, [0.1,2] in torchvision; null: none'),
    // torchvision's RandomRotation has no default.
    rotation: z
      .number()
      .min(0)
      .max(180)
      .default(0)
      .describe('largest angle by which pictures are turned to either side, degrees'),
    verticalFlip: probability().describe('probability of a vertical flip'),
    zoomOut: probability().describe(
      'probability of a canvas of up to four times the sides around a picture (SSD); torchvision: 0.5',
    ),
    iouCrop: probability().describe(
      'probability of a crop that respects objects (SSD); torchvision: 1, which leaves a seventh as they are',
    ),
    mosaic: probability().describe('probability of an image of four pictures, each at half its size'),
    copyPaste: probability().describe(
      'probability that objects of another picture, which need masks, are pasted into one; torchvision: 1',
    ),
    // torchvision's references group by default, detectron2 too.
    aspectRatioGrouping: z
      .boolean()
      .default(true)
      .describe('only pictures of similar aspect ratio share a batch: less padding'),
    // detectron2: REPEAT_THRESHOLD, 0.001 for LVIS, where it is used.
    repeatThreshold: z
      .number()
      .positive()
      .max(1)
      .nullable()
      .default(null)
      .describe(
        'images with categories that occur in less than this share of the images are repeated; null: none',
      ),
  })
  .describe('training and validation data');
