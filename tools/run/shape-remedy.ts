import type { Problem } from '../../datasets/coco/problems';

/** What a user can do about masks and keypoints that cannot be put right, a line each. */
export function shapeRemedy(problems: readonly Problem[]): string[] {
  const isOfShape = ({ kind }: Problem): boolean => kind === 'segmentation' || kind === 'keypoints';
  const ofAnnotations = problems.filter(
    (problem) => isOfShape(problem) && problem.place.startsWith('annotations'),
  );
  if (ofAnnotations.length === 0) return [];
  const remedy = [
    'Masks and keypoints that cannot be put right: draw them again, or remove "segmentation" or "keypoints" of these annotations, ' +
      'which then train the rest of a detector.',
  ];
  return problems.every(isOfShape)
    ? [
        ...remedy,
        'Detectors that find boxes alone train on the file as it is: `--model fasterrcnn_resnet50_fpn` checks for one.',
      ]
    : remedy;
}
