import path from 'node:path';
import { modelDefinition } from '../../detection/modeling/definitions';
import { benchmarkProgram, type ProgramCall } from './child-process';
import type { CaseMeasurement, DetectorCase } from './detector-case';
import type { LoaderCase } from './loader-case';
import { BENCHMARK_CLASSES } from './detector-batch';
import { BENCHMARK_THREADS } from './machine';

/** What one run of one side took. */
export interface Run {
  readonly seconds: number;
  /** Resident at the peak, less what was after the imports: torch's CUDA build holds 670 MB then, its CPU build 240. */
  readonly megabytes?: number;
  /** Other work on the machine spoilt the timing; null where nobody knows. */
  readonly disturbed: boolean | null;
}

/** One comparison: the same work by both sides, each in processes of its own. */
export interface SpeedCase {
  readonly name: string;
  readonly what: string;
  readonly peerName: string;
  readonly ours: ProgramCall;
  readonly peer: ProgramCall;
  /** A process that times its own steps runs once; one whose time is the whole process's runs this often. */
  readonly rounds: number;
  /** Reads the last line that a side printed; undefined: the time of the whole process counts. */
  readonly parse?: (line: string) => Run;
}

/** Where the peers are and what they work on. */
export interface Peers {
  /** A Python with torch, torchvision, Pillow and faster-coco-eval. */
  readonly python: string;
  /** The folder of the torchvision peer's scripts. */
  readonly scripts: string;
  /** A COCO instances file and its pictures, for the loader. */
  readonly annotations: string;
  readonly images: string;
  /** Folder with instances.json and detections.json, for the evaluation. */
  readonly evaluation: string;
}

/** Of the clone: this file runs compiled, from dist/tools/benchmarks. */
const root = path.join(__dirname, '../../..');

/** Steps or runs of each side; the median counts. */
const REPEATS = 5;

/** Objects in a picture, as the peer's bench.py draws them. */
const BOXES = 8;
/** Of the peer: a detector of keypoints knows persons alone. */
const CLASSES_WITH_KEYPOINTS = 1;

type Comparable = Omit<DetectorCase, 'steps' | 'boxes' | 'classes'>;

const detectorCases: readonly Comparable[] = [
  { model: 'fasterrcnn_resnet50_fpn', mode: 'train', size: 512, batch: 1 },
  { model: 'fasterrcnn_resnet50_fpn', mode: 'train', size: 800, batch: 2 },
  { model: 'fasterrcnn_resnet50_fpn', mode: 'infer', size: 800, batch: 1 },
  ...[
    'maskrcnn_resnet50_fpn',
    'keypointrcnn_resnet50_fpn',
    'retinanet_resnet50_fpn',
    'fcos_resnet50_fpn',
  ].flatMap((model): Comparable[] => [
    { model, mode: 'train', size: 512, batch: 1 },
    { model, mode: 'train', size: 800, batch: 2 },
    { model, mode: 'infer', size: 800, batch: 1 },
  ]),
  { model: 'fasterrcnn_mobilenet_v3_large_320_fpn', mode: 'infer', size: 320, batch: 1 },
];

/** A step of a few dozen milliseconds needs more of them for a steady median. */
const STEPS_OF_SMALL_MODEL = 50;

export function speedCases(peers: Peers): SpeedCase[] {
  return [
    ...detectorCases.map((each) => detectorSpeed(each, peers)),
    evaluationSpeed(peers),
    loaderSpeed(peers),
  ];
}

function detectorSpeed(detectorCase: Comparable, { python, scripts }: Peers): SpeedCase {
  const { model, mode, size, batch } = detectorCase;
  const steps = model.includes('320') ? STEPS_OF_SMALL_MODEL : REPEATS;
  const numbers = { size, batch, steps, threads: BENCHMARK_THREADS };
  const options = Object.entries({ model, mode, ...numbers }).flatMap(([name, value]) => [
    `--${name}`,
    `${value}`,
  ]);
  return {
    name: `${mode}-${model.replace('fasterrcnn_', '').replace('_fpn', '')}-${size}`,
    what: `${mode === 'train' ? 'training step' : 'inference'}, ${model}, ${size} x ${size}, batch ${batch}`,
    peerName: 'torchvision',
    ours: benchmarkProgram('detector-case', {
      ...detectorCase,
      boxes: BOXES,
      classes: classesOf(model),
      steps,
    }),
    peer: { program: python, args: [path.join(scripts, 'bench.py'), ...options] },
    rounds: 1,
    parse: (line) => {
      const measured = JSON.parse(line) as CaseMeasurement;
      const megabytes = measured.peak_rss_mb - measured.base_rss_mb;
      return { seconds: measured.median_s, megabytes, disturbed: measured.disturbed };
    },
  };
}

function classesOf(model: string): number {
  return modelDefinition(model).needs.includes('keypoints') ? CLASSES_WITH_KEYPOINTS : BENCHMARK_CLASSES;
}

function evaluationSpeed({ python, evaluation }: Peers): SpeedCase {
  const files = ['instances.json', 'detections.json'].map((name) => path.join(evaluation, name));
  const [annotations, detections] = files;
  return {
    name: 'evaluate',
    what: 'COCO evaluation, whole process: 5000 images, 36 000 boxes, 250 000 detections',
    peerName: 'faster-coco-eval',
    ours: {
      program: process.execPath,
      args: [
        path.join(root, 'tools/rcnn.mjs'),
        'evaluate',
        '--annotations',
        annotations,
        '--detections',
        detections,
      ],
    },
    peer: { program: python, args: [peerScript('coco_evaluation.py'), ...files] },
    rounds: REPEATS,
  };
}

function loaderSpeed({ python, annotations, images }: Peers): SpeedCase {
  const options: LoaderCase = {
    ...{ annotations, images, minSize: 800, maxSize: 1333 },
    ...{ batch: 2, workers: BENCHMARK_THREADS, batches: 100 },
  };
  return {
    name: 'load',
    what: `seconds a picture decoded, flipped, resized to 800 and batched, ${BENCHMARK_THREADS} workers`,
    peerName: 'PIL + torch',
    ours: benchmarkProgram('loader-case', options),
    peer: { program: python, args: [peerScript('image_loading.py'), JSON.stringify(options)] },
    rounds: REPEATS,
    parse: (line) => JSON.parse(line) as Run,
  };
}

/** The scripts are not compiled: they lie beside the sources. */
function peerScript(name: string): string {
  return path.join(root, 'tools/benchmarks/peers', name);
}
