import { InvalidArgumentError } from 'commander';
import type { DetectorEvaluation } from '../../datasets/evaluation/evaluate-detector';
import { formatGoal } from '../../datasets/evaluation/thresholds/format-operating-points';
import type { OperatingPoint, ThresholdGoal } from '../../datasets/evaluation/thresholds/operating-points';
import { isExported } from '../../datasets/inference/picture-detector';
import { InputError } from '../../detection/errors';
import { saveDetector } from '../../weights/detectors/save-detector';
import type { ScoreThresholds } from '../../weights/detectors/score-thresholds';
import {
  requirePlaceForThresholds,
  storeScoreThresholds,
} from '../../weights/detectors/store-score-thresholds';
import { isOnnxName } from '../../weights/onnx/export-detector';
import { namedModel } from '../config/model-name';
import type { OpenedDetector } from '../../weights/onnx/opened-detector';
import { requireFileName } from '../terminal/output-files';
import { logLine } from '../terminal/progress';

/** What `--thresholds` takes, for commander: `f1`, or `precision=P`. */
export function thresholdGoal(text: string): ThresholdGoal {
  if (text === 'f1') return 'f1';
  const precision = Number(/^precision=(.+)$/.exec(text)?.[1]);
  if (!(precision > 0 && precision <= 1)) {
    throw new InvalidArgumentError('It has to be f1, or precision=P with P above 0 and at most 1.');
  }
  return { precision };
}

/** Where thresholds of a detector go. */
export interface ThresholdPlace {
  /** What the user has named: they are stored with it. */
  readonly weights: string;
  /** A new file for them and the weights instead. */
  readonly output?: string;
  readonly model?: string;
}

/** @throws InputError where thresholds cannot be stored there, with the remedy. Writes nothing. */
export async function requireThresholdPlace({ weights, output }: ThresholdPlace): Promise<void> {
  if (isOnnxName(weights)) throw unchangeable(weights);
  if (output === undefined) return requirePlaceForThresholds(weights);
  if (!/\.safetensors$/i.test(output)) {
    throw new InputError(
      'output-extension',
      `--output ${output}: a name that ends in .safetensors is expected; other formats have no place for thresholds`,
      { file: output },
    );
  }
  requireFileName('--output', output, [weights]);
}

/** Stores thresholds that an evaluation of a detector has found, and says so. @throws InputError where it cannot. */
export async function keepThresholds(
  { model, categories }: OpenedDetector,
  scores: ScoreThresholds['scores'],
  goal: ThresholdGoal,
  { weights, output, model: name }: ThresholdPlace,
): Promise<void> {
  if (isExported(model)) throw unchangeable(weights);
  const scoreThresholds = { goal: formatGoal(goal), scores };
  if (output === undefined) {
    await storeScoreThresholds(weights, scoreThresholds, namedModel(name));
  } else {
    saveDetector(model, output, { categories, scoreThresholds });
  }
  logLine(
    `score thresholds are stored in ${output ?? weights}; rcnn detect --score-threshold auto uses them`,
  );
}

/** The thresholds of points by the detector's labels: by label - 1. null for what has none. */
export function thresholdsOfLabels(
  points: readonly OperatingPoint[],
  { meant }: Pick<DetectorEvaluation, 'meant'>,
): ScoreThresholds['scores'] {
  const thresholds = new Map(points.map(({ categoryId, threshold }) => [categoryId, threshold]));
  return meant.map(({ id }) => thresholds.get(id) ?? null);
}

function unchangeable(weights: string): InputError {
  return new InputError(
    'options-conflict',
    `--thresholds: ${weights} is an exported detector, which does not change; find thresholds with its weights, and export them again`,
  );
}
