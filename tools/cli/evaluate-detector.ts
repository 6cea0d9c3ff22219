import type { CocoDataset } from '../../datasets/coco/annotations';
import type { CocoEvaluation } from '../../datasets/evaluation/evaluate';
import { evaluateDetector } from '../../datasets/evaluation/evaluate-detector';
import type { IouType } from '../../datasets/evaluation/parameters';
import {
  operatingPoints,
  type OperatingPoint,
  type ThresholdGoal,
} from '../../datasets/evaluation/thresholds/operating-points';
import type { InferenceOptions } from '../../datasets/inference/options';
import { InputError } from '../../detection/errors';
import { tellOfReducedTiles } from '../detect/reduced-tiles';
import { requireSameKeypoints } from '../run/detector-keypoints';
import { evaluationsIn, needsOf, requireKeypoints, wantedTypes } from '../run/evaluation-tasks';
import { logWorkerDeath } from '../run/hooks/data-faults';
import type { OpenedDetector } from '../../weights/onnx/opened-detector';
import { openPictureDetector } from '../run/open-picture-detector';
import { keepThresholds, requireThresholdPlace, thresholdsOfLabels } from '../run/operating-thresholds';
import { readSet } from '../run/training-data';
import { detectShard } from '../shards/detect-shard';
import { detectorFactsOf } from '../shards/job-facts';
import type { Shard } from '../shards/shard';
import { interruptible } from '../terminal/interruption';
import { logLine, Progress } from '../terminal/progress';
import { givenInference, inferenceOptions, type GivenInference } from './inference-options';
import type { DetectorOptions } from './options';

/** What the options of `rcnn evaluate` come to. */
export interface EvaluateCommandOptions extends DetectorOptions, GivenInference {
  readonly annotations: string;
  readonly images?: string;
  readonly detections?: string;
  readonly iouType?: IouType;
  readonly keypointSigmas?: readonly number[];
  readonly json?: string;
  readonly ignoreCategory?: readonly string[];
  readonly thresholds?: ThresholdGoal;
  readonly output?: string;
  readonly shard?: Shard;
}

/** What an evaluation comes to. */
export interface Evaluated {
  /** Of each task; the first is what is asked for, or of boxes. */
  readonly evaluations: readonly CocoEvaluation[];
  /** Where thresholds are wanted. */
  readonly points?: readonly OperatingPoint[];
}

/** A detector and what it is to be evaluated on. */
interface Opened {
  /** Disposed of by whoever opens it. */
  readonly detector: OpenedDetector;
  readonly set: CocoDataset;
  readonly iouTypes: readonly IouType[];
  readonly inference: InferenceOptions;
}

/**
 * Evaluates a detector.
 *
 * @throws InputError where that is impossible; Interrupted where the user stops it.
 */
export function evaluateWithDetector(options: EvaluateCommandOptions): Promise<Evaluated> {
  return withDetector(options, async ({ detector, set, iouTypes, inference }) => {
    const { iouType, keypointSigmas: sigmas, thresholds, output, minSize, maxSize, precision } = options;
    const progress = new Progress('evaluating');
    const evaluated = await interruptible((signal) =>
      evaluateDetector(detector.model, set, {
        ...inference,
        iouTypes,
        sigmas,
        categories: detector.categories,
        log: logLine,
        onWorkerDeath: logWorkerDeath,
        signal,
        onProgress: (done, total) => progress.update(done, total),
      }),
    );
    const { dataset, results } = evaluated;
    const evaluations = evaluationsIn(evaluated, iouType);
    if (!thresholds) return { evaluations };
    const points = operatingPoints(dataset, results, thresholds);
    const byLabel = thresholdsOfLabels(points, evaluated);
    await keepThresholds(detector, byLabel, thresholds, placeOf(options));
    const sizes = [
      ...(minSize === undefined ? [] : [`--min-size ${minSize}`]),
      ...(maxSize === undefined ? [] : [`--max-size ${maxSize}`]),
    ];
    const computed = precision === undefined ? [] : [`--precision ${precision}`];
    // A new file has the sizes, too.
    const shown = [...(output === undefined ? sizes : []), ...givenInference(options), ...computed];
    if (shown.length > 0) {
      logLine(`they hold for pictures shown like this: rcnn detect needs ${shown.join(' ')}, too`);
    }
    return { evaluations, points };
  });
}

/**
 * Detects in a share of a data set, and writes what was found to a file for `rcnn merge-results`.
 *
 * @throws InputError where that is impossible; Interrupted where the user stops it.
 */
export function evaluateShare(options: EvaluateCommandOptions, shard: Shard, file: string): Promise<void> {
  const { weights, annotations, images, iouType, ignoreCategory, keypointSigmas, maxPixels } = options;
  return withDetector(options, async ({ detector, set, iouTypes, inference }) => {
    const made = {
      ...(await detectorFactsOf(weights!, options)),
      inference: givenInference(options),
      maxPixels,
      iouType,
      ignoreCategory,
      keypointSigmas,
    };
    const places = { annotations, images: images! };
    await detectShard(detector, set, { shard, file, iouTypes, inference, made, places });
  });
}

/** Opens a detector and reads the data set for a job, and disposes of the detector after it. */
async function withDetector<T>(
  options: EvaluateCommandOptions,
  job: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { weights, annotations, images, iouType, ignoreCategory, thresholds, output, maxPixels } = options;
  if (weights === undefined) {
    throw new InputError(
      'nothing-to-evaluate',
      'nothing to evaluate: give --weights with --images, or --detections',
    );
  }
  if (images === undefined)
    throw new InputError('option-missing', '--images is missing: the folder of the pictures', {
      option: '--images',
    });
  const inference = inferenceOptions(options);
  if (thresholds) await requireThresholdPlace(placeOf(options));
  const detector = await openPictureDetector(weights, options, { willBeSaved: output !== undefined });
  try {
    const iouTypes = wantedTypes(detector.model, iouType);
    requireKeypoints(iouTypes.includes('keypoints'), options.keypointSigmas);
    const set = await readSet(annotations, images, {
      ignoring: { categories: ignoreCategory },
      maxPixels,
      needs: needsOf(iouTypes),
    });
    if (iouTypes.includes('keypoints')) {
      const remedy = '; --iou-type bbox evaluates the boxes alone';
      requireSameKeypoints(set, detector.model.keypoints, weights, remedy);
    }
    tellOfReducedTiles(detector.model, inference);
    return await job({ detector, set, iouTypes, inference });
  } finally {
    detector.model.dispose();
  }
}

/** Where score thresholds go. */
function placeOf({ weights, output, model }: EvaluateCommandOptions) {
  return { weights: weights!, output, model };
}
