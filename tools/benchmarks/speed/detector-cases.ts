import { modelDefinition } from '../../../detection/modeling/definitions';
import { benchmarkProgram } from '../child-process';
import { BENCHMARK_CLASSES } from '../detector-batch';
import type { Precision } from '../../../detection/nn/precision';
import type { DetectorCase } from '../detector-case';
import { detectorRivals, parseMeasurement, PEER_BOXES } from './detector-rivals';
import type { SpeedCase } from './speed-case';

/** Steps of a process; their median counts. */
const STEPS = 5;
/** A step of a few dozen milliseconds needs more of them for a steady median. */
const STEPS_OF_SMALL_MODEL = 50;
/** Processes of each side, by turns: a machine that slows down slows all. */
const ROUNDS = 2;

/** So many that dense masks of them weigh. */
const MANY_BOXES = 100;
/** Of the peer: a detector of keypoints knows persons alone. */
const CLASSES_WITH_KEYPOINTS = 1;

type Work = Pick<DetectorCase, 'model' | 'mode' | 'size' | 'batch'> & { readonly boxes?: number };

const detectors = [
  'fasterrcnn_resnet50_fpn',
  'maskrcnn_resnet50_fpn',
  'keypointrcnn_resnet50_fpn',
  'retinanet_resnet50_fpn',
  'fcos_resnet50_fpn',
];

const works: readonly Work[] = [
  ...detectors.flatMap((model): Work[] => [
    { model, mode: 'train', size: 512, batch: 1 },
    { model, mode: 'train', size: 800, batch: 2 },
    { model, mode: 'infer', size: 800, batch: 1 },
  ]),
  { model: 'fasterrcnn_mobilenet_v3_large_320_fpn', mode: 'infer', size: 320, batch: 1 },
];

const worksWithManyObjects: readonly Work[] = [
  { model: 'maskrcnn_resnet50_fpn', mode: 'train', size: 512, batch: 1, boxes: MANY_BOXES },
  { model: 'maskrcnn_resnet50_fpn', mode: 'train', size: 800, batch: 2, boxes: MANY_BOXES },
  { model: 'maskrcnn_resnet50_fpn', mode: 'infer', size: 800, batch: 1, boxes: MANY_BOXES },
];

/** Training steps and inference of detectors, in both precisions; with many objects in float32. */
export const detectorCases: readonly SpeedCase[] = [
  ...(['float32', 'bfloat16'] as const).flatMap((precision) =>
    works.map((work) => detectorSpeed(work, precision)),
  ),
  ...worksWithManyObjects.map((work) => detectorSpeed(work, 'float32')),
];

function detectorSpeed(work: Work, precision: Precision): SpeedCase {
  const { model, mode, size, batch, boxes = PEER_BOXES } = work;
  const detectorCase = {
    ...{ model, mode, size, batch, boxes, precision },
    classes: modelDefinition(model).needs.includes('keypoints') ? CLASSES_WITH_KEYPOINTS : BENCHMARK_CLASSES,
    steps: model.includes('320') ? STEPS_OF_SMALL_MODEL : STEPS,
  };
  const isUsual = boxes === PEER_BOXES;
  const name = [
    mode,
    `${model.replace('fasterrcnn_', '').replace('_fpn', '')}-${size}`,
    ...(isUsual ? [] : [`${boxes}-objects`]),
    ...(precision === 'float32' ? [] : [precision]),
  ].join('-');
  const objects = isUsual ? '' : `, ${boxes} objects`;
  return {
    name,
    what: `${mode === 'train' ? 'training step' : 'inference'}, ${model}, ${size}x${size}, batch ${batch}${objects}, ${precision}`,
    rounds: ROUNDS,
    prepare: async (workplace) => {
      const isExported = mode === 'infer' && isUsual;
      const exported = isExported ? await workplace.files.exported(model, size) : undefined;
      const ours: DetectorCase = {
        ...detectorCase,
        ...(exported !== undefined && 'onnx' in exported && { exported }),
      };
      return {
        ours: { name: 'ours', call: benchmarkProgram('detector-case', ours), parse: parseMeasurement },
        rivals: await detectorRivals({ ...detectorCase, exported }, workplace),
      };
    },
  };
}
