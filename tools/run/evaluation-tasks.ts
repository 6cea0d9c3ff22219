import { InvalidArgumentError } from 'commander';
import type { CocoEvaluation } from '../../datasets/evaluation/evaluate';
import type { DetectorEvaluation } from '../../datasets/evaluation/evaluate-detector';
import { TASK_NAMES, type IouType } from '../../datasets/evaluation/parameters';
import { InputError } from '../../detection/errors';
import type { PictureDetector } from '../../datasets/inference/picture-detector';
import type { ModelDefinition } from '../../detection/modeling/detector';

/** The value of --keypoint-sigmas. */
export function sigmaList(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (values.every((value) => value > 0 && Number.isFinite(value))) return values;
  throw new InvalidArgumentError('They have to be numbers above 0, one for each keypoint: 0.05,0.1,0.05.');
}

/** @throws InputError where sigmas are given and no keypoints are evaluated. */
export function requireKeypoints(isEvaluated: boolean, given: readonly number[] | undefined): void {
  if (isEvaluated || given === undefined) return;
  throw new InputError(
    'options-conflict',
    '--keypoint-sigmas are of keypoints, which are not evaluated; leave them out, or give --iou-type keypoints',
  );
}

/** @throws InputError where the detector does not find what is asked for. */
export function wantedTypes(
  { iouTypes, definition }: PictureDetector,
  asked: IouType | undefined,
): readonly IouType[] {
  if (asked === undefined) return iouTypes;
  if (iouTypes.includes(asked)) return [asked];
  throw new InputError(
    'task-not-found',
    `--iou-type ${asked}: ${definition.name} finds ${iouTypes.map((type) => TASK_NAMES[type]).join(' and ')}, no ` +
      `${TASK_NAMES[asked]}; leave it out`,
    { iouType: asked, model: definition.name },
  );
}

/** @throws InputError where what is asked for has not been evaluated, because the data set lacks it. */
export function evaluationsIn(
  { evaluation, tasks, dataset }: DetectorEvaluation,
  asked: IouType | undefined,
): readonly CocoEvaluation[] {
  const all = [evaluation, tasks.segm, tasks.keypoints].filter((each) => each !== undefined);
  const wanted = asked === undefined ? all : all.filter(({ iouType }) => iouType === asked);
  if (asked === undefined || wanted.length > 0) return wanted;
  throw new InputError(
    'nothing-to-evaluate',
    `${dataset.file}: has no ${TASK_NAMES[asked]}; leave out --iou-type ${asked}`,
  );
}

/** What must be read of a data set to evaluate these. */
export function needsOf(iouTypes: readonly IouType[]): ModelDefinition['needs'] {
  return [
    ...(iouTypes.includes('segm') ? (['masks'] as const) : []),
    ...(iouTypes.includes('keypoints') ? (['keypoints'] as const) : []),
  ];
}
