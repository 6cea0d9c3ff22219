import type { CocoAnnotation, CocoDataset } from '../../datasets/coco/annotations';
import { countLabeled } from '../../datasets/coco/keypoints/keypoint-faults';
import { saysNoMask } from '../../datasets/coco/masks/segmentation';
import { gtObjects } from '../../datasets/coco/targets';
import { InputError } from '../../detection/errors';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';

type Need = ModelDefinition['needs'][number];

/** Whether an object has what a model trains on. */
const HAS: Readonly<Record<Need, (annotation: CocoAnnotation) => boolean>> = {
  masks: ({ segmentation }) => !saysNoMask(segmentation),
  keypoints: ({ keypoints }) => keypoints !== undefined && countLabeled(keypoints) > 0,
};

/** What an object without it is called; the key of the annotation. */
const WORDS: Readonly<Record<Need, { readonly part: string; readonly key: string; readonly one: string }>> = {
  masks: { part: 'masks', key: 'segmentation', one: 'mask' },
  keypoints: { part: 'keypoints', key: 'keypoints', one: 'labeled keypoint' },
};

/**
 * Says how many objects of a set lack what a model trains on: they train its other parts.
 *
 * @throws InputError where all of them do.
 */
export function requireShapes(set: CocoDataset, { name, needs }: ModelDefinition): void {
  if (needs.length === 0) return;
  const objects = set.images.flatMap((image) => gtObjects(set, image));
  for (const need of needs) {
    const { part, key, one } = WORDS[need];
    const lacking = objects.filter(({ annotation }) => !HAS[need](annotation)).length;
    if (lacking === objects.length) {
      throw new InputError(
        'shapes-missing',
        `${set.file}: none of its objects has a ${one} ("${key}"), and ${name} learns ${part}; a model that learns boxes only ` +
          'trains on this set (--model)',
        { file: set.file, model: name, need },
      );
    }
    if (lacking > 0) {
      const have = lacking === 1 ? 'has' : 'have';
      logLine(
        `${set.file}: ${lacking} of ${pluralize(objects.length, 'object')} ${have} no ${one}; what finds ${part} does not train on them`,
      );
    }
  }
}

/** @throws InputError where objects are to be pasted into other pictures, and none has a mask. */
export function requirePastable(set: CocoDataset, { copyPaste }: { readonly copyPaste: number }): void {
  if (copyPaste === 0) return;
  const objects = set.images.flatMap((image) => gtObjects(set, image));
  if (objects.some(({ annotation }) => HAS.masks(annotation))) return;
  throw new InputError(
    'nothing-to-paste',
    `${set.file}: none of its objects has a mask ("segmentation"), and data.copyPaste pastes objects by their masks; ` +
      'set it to 0',
    { file: set.file },
  );
}

/** A set without the images that have fewer labeled keypoints in all than that: torchvision's references take 10 of COCO's persons. */
export function withLabeledKeypoints(set: CocoDataset, least: number): CocoDataset {
  if (least === 0) return set;
  const images = set.images.filter(({ id }) => {
    const labeled = set.annotationsOf(id).map(({ keypoints }) => countLabeled(keypoints ?? []));
    return labeled.reduce((sum, count) => sum + count, 0) >= least;
  });
  if (images.length === set.images.length) return set;
  const kept = new Set(images.map(({ id }) => id));
  logLine(
    `${set.file}: ${set.images.length - images.length} of ${pluralize(set.images.length, 'image')} left out, as they have fewer than ` +
      `${pluralize(least, 'labeled keypoint')} (data.minKeypoints)`,
  );
  return set.with({ images, annotations: set.annotations.filter(({ imageId }) => kept.has(imageId)) });
}
