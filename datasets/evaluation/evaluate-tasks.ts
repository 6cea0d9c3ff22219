import type { CocoAnnotation, CocoCategory, CocoDataset } from '../coco/annotations';
import { CategoryMap } from '../coco/categories/category-map';
import type { CocoDetection } from './detections';
import { evaluateDetections, type CocoEvaluation } from './evaluate';
import { federatedOf } from './matching/federated';
import { keypointSigmas, UNMEASURED_SIGMA } from './keypoint-sigmas';
import type { IouType } from '../../detection/modeling/detector';
import { TASK_NAMES } from './parameters';
import type { Detections } from '../../detection/structures/instances';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';

/** What a detector may find beside boxes. */
export type Task = 'segm' | 'keypoints';

/** What is needed to evaluate masks and keypoints. */
export interface TaskOptions {
  /** What is evaluated. */
  readonly tasks: readonly Task[];
  /** What the detector's labels mean to the data set, by label - 1. */
  readonly meant: readonly CocoCategory[];
  /** The detector's keypoints. */
  readonly keypoints?: KeypointLayout;
  /** Of keypoints; default: the detector's, or `keypointSigmas`. */
  readonly sigmas?: readonly number[];
  /** Gets a line about each thing that the user should know. */
  readonly log: (line: string) => void;
}

/**
 * COCO's evaluation of masks and keypoints that a detector has found. As torchvision's, it goes by them alone: areas of detections
 * are those of masks, and of the extents of keypoints, not of boxes. An object without a mask is ignored where masks are evaluated,
 * and so is what is found in its box. A task of which the data set has nothing is left out.
 */
export function evaluateTasks(
  dataset: CocoDataset,
  detections: ReadonlyMap<number, Detections>,
  { tasks, meant, keypoints, sigmas, log }: TaskOptions,
): Partial<Record<Task, CocoEvaluation>> {
  const evaluations: Partial<Record<Task, CocoEvaluation>> = {};
  for (const task of tasks) {
    if (!dataset.annotations.some((annotation) => hasTask(annotation, task))) {
      log(`${dataset.file} has no ${TASK_NAMES[task]}: the detector's are not evaluated`);
      continue;
    }
    const numWithout = dataset.annotations.filter((annotation) => !hasTask(annotation, task)).length;
    if (task === 'segm' && numWithout > 0) {
      log(
        `${dataset.file}: objects without a mask: ${numWithout}. They are ignored where masks are evaluated`,
      );
    }
    const results = taskResults(detections, meant, task);
    const ofTask =
      task === 'keypoints'
        ? { sigmas: sigmas ?? knownSigmas(dataset, keypoints, log) }
        : { federated: federatedOf(dataset) };
    evaluations[task] = evaluateDetections(truthOf(dataset, task), results, { iouType: task, ...ofTask });
  }
  return evaluations;
}

function hasTask({ segmentation, keypoints }: CocoAnnotation, task: Task): boolean {
  return (task === 'segm' ? segmentation : keypoints) !== undefined;
}

/** An area of no range: the object is ignored in all of them. */
const IGNORED_AREA = -1;

/** What a task of a detector is evaluated on: where masks are, objects without one are ignored, and so is what is in their boxes. */
export function truthOf(dataset: CocoDataset, task: IouType): CocoDataset {
  if (task !== 'segm' || dataset.annotations.every((annotation) => hasTask(annotation, task))) return dataset;
  const annotations = dataset.annotations.map((annotation) => {
    if (hasTask(annotation, task)) return annotation;
    const [x, y, width, height] = annotation.bbox;
    const segmentation = [[x, y, x, y + height, x + width, y + height, x + width, y]];
    return { ...annotation, segmentation, area: IGNORED_AREA };
  });
  return dataset.with({ annotations });
}

function knownSigmas(
  dataset: CocoDataset,
  layout: KeypointLayout | undefined,
  log: (line: string) => void,
): readonly number[] {
  if (layout?.sigmas) return layout.sigmas;
  const { sigmas, origin } = keypointSigmas(dataset);
  if (origin === 'unmeasured') log(unmeasuredNote(sigmas.length));
  return sigmas;
}

/** What the user should know of sigmas that nobody has measured. */
export function unmeasuredNote(numKeypoints: number): string {
  return (
    `no sigmas are known of the ${numKeypoints} keypoints (how far apart people place each): ${UNMEASURED_SIGMA} is taken for all, ` +
    'and scores are comparable with those of the same value only'
  );
}

/** Masks or keypoints as evaluation takes them. Masks stay what they are. */
function taskResults(
  detections: ReadonlyMap<number, Detections>,
  meant: readonly CocoCategory[],
  task: Task,
): CocoDetection[] {
  const categories = new CategoryMap(meant, 'the detector');
  return [...detections].flatMap(([imageId, { labels, scores, masks, keypoints }]) =>
    Array.from(scores, (score, k): CocoDetection => {
      const common = { image_id: imageId, category_id: categories.idOf(labels[k]), score };
      if (task === 'segm') return { ...common, segmentation: masks![k] };
      const length = keypoints!.length / scores.length;
      return { ...common, keypoints: Array.from(keypoints!.subarray(k * length, (k + 1) * length)) };
    }),
  );
}
