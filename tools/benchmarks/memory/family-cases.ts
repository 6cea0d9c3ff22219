import { InputError } from '../../../detection/errors';
import type { MemoryCase } from './memory-case';
import { baseSetting, memoryCases } from './memory-settings';

/** One detector at one size, in all forms that there are of it. */
export interface FamilyCase {
  /** For `--case`. */
  readonly name: string;
  /** Of the detector, for people. */
  readonly detector: string;
  /** All of one setting. */
  readonly cases: readonly MemoryCase[];
}

/** As many objects as a picture has in the other memory benchmarks. */
const FEW_OBJECTS = 10;
/**
 * Mask and keypoint heads run on the positives among an image's 512 samples, a quarter at most. In training these are nearly as
 * many once the RPN has learned something; with weights of a formula they are the objects themselves. So there is one for each.
 */
const OBJECTS_OF_POSITIVES = 128;

const detectors = [
  { key: 'faster', detector: 'Faster R-CNN', model: 'fasterrcnn_resnet50_fpn', boxes: FEW_OBJECTS },
  { key: 'mask', detector: 'Mask R-CNN', model: 'maskrcnn_resnet50_fpn', boxes: OBJECTS_OF_POSITIVES },
  {
    key: 'keypoint',
    detector: 'Keypoint R-CNN',
    model: 'keypointrcnn_resnet50_fpn',
    boxes: OBJECTS_OF_POSITIVES,
  },
  { key: 'cascade', detector: 'Cascade R-CNN', model: 'cascadercnn_resnet50_fpn', boxes: FEW_OBJECTS },
  { key: 'retinanet', detector: 'RetinaNet', model: 'retinanet_resnet50_fpn', boxes: FEW_OBJECTS },
  { key: 'fcos', detector: 'FCOS', model: 'fcos_resnet50_fpn', boxes: FEW_OBJECTS },
] as const;

/** Those that are measured at the larger size, too. */
const ALSO_LARGE: readonly string[] = ['faster', 'cascade', 'retinanet', 'fcos'];
/** The one that is measured under TensorFlow.js's autograd, too. */
const OF_BOTH_AUTOGRADS = 'faster';

/** Everything that `rcnn benchmark memory --family` measures, in the order in which it does. */
export const familyCases: readonly FamilyCase[] = [
  ...detectors.map((each) => familyCase(each, { size: 512, batch: 1 })),
  ...detectors
    .filter(({ key }) => ALSO_LARGE.includes(key))
    .map((each) => familyCase(each, { size: 800, batch: 2 })),
];

function familyCase(
  { key, detector, model, boxes }: (typeof detectors)[number],
  { size, batch }: { size: number; batch: number },
): FamilyCase {
  const small = batch === 1;
  const cases = memoryCases({ ...baseSetting({ model, size, batch }), boxes });
  return {
    name: `${key}-${size}${small ? '' : `-batch-${batch}`}`,
    detector,
    cases: cases.filter(({ autograd }) => autograd === 'ours' || (small && key === OF_BOTH_AUTOGRADS)),
  };
}

/**
 * The cases of the given names, or all.
 *
 * @throws InputError where there is none of a name.
 */
export function familyCasesNamed(
  names: readonly string[] = familyCases.map(({ name }) => name),
): FamilyCase[] {
  return names.map((name) => {
    const known = familyCases.map((each) => each.name);
    const found = familyCases.find((each) => each.name === name);
    if (found) return found;
    throw new InputError(
      'unknown-case',
      `--case ${name}: there is no such case; there are ${known.join(', ')}`,
      { name, known },
    );
  });
}
