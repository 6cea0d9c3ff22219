/**
 * Writes fixtures/*.json with torchvision's numbers (docs/parity.md):
 *
 *     npx ts-node tests/parity/make-fixtures.ts PEER_PYTHON [MODEL-PICTURES...]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { sharedPath } from '../shared-path';
import { compareInference, compareTraining, worse } from './compare';
import {
  caseName,
  fixturePath,
  FORMULA_GAINS,
  largeCases,
  smallCases,
  type FactoredLayer,
  type Fixture,
  type ParityCase,
} from './fixture';
import { pictureSets, type Picture } from './pictures';
import type { CandidateList, DetectionList, Inference } from './inference';
import type { Training, TrainingTarget } from './stages';
import type { TensorSummary } from './tensor-summary';

/** Entries whose sums show that the weights are the same, where a model has them: some for each line of the formula. */
const CHECKED_WEIGHTS = [
  'backbone.body.conv1.weight',
  'backbone.body.bn1.weight',
  'backbone.body.bn1.bias',
  'backbone.body.bn1.running_mean',
  'backbone.body.bn1.running_var',
  'backbone.body.layer4.1.bn2.weight',
  'backbone.body.layer4.1.bn3.weight',
  'backbone.body.0.0.weight',
  'backbone.body.4.block.2.fc1.weight',
  'backbone.body.4.block.2.fc1.bias',
  'backbone.body.4.block.3.1.weight',
  'backbone.body.16.1.running_var',
  'backbone.fpn.inner_blocks.0.0.weight',
  'backbone.fpn.inner_blocks.0.1.weight',
  'backbone.fpn.layer_blocks.3.0.weight',
  'rpn.head.conv.1.0.weight',
  'rpn.head.cls_logits.weight',
  'rpn.head.bbox_pred.weight',
  'roi_heads.box_head.0.0.weight',
  'roi_heads.box_head.5.weight',
  'roi_heads.box_head.fc6.weight',
  'roi_heads.box_predictor.cls_score.bias',
  'roi_heads.box_predictor.bbox_pred.weight',
  'roi_heads.mask_head.0.0.weight',
  'roi_heads.mask_head.3.1.running_var',
  'roi_heads.mask_predictor.conv5_mask.weight',
  'roi_heads.mask_predictor.mask_fcn_logits.bias',
  'roi_heads.keypoint_head.0.weight',
  'roi_heads.keypoint_head.14.bias',
  'roi_heads.keypoint_predictor.kps_score_lowres.weight',
  'roi_heads.keypoint_predictor.kps_score_lowres.bias',
  'backbone.features.0.0.0.weight',
  'backbone.features.0.4.block.3.1.weight',
  'backbone.features.1.0.1.fc2.weight',
  'backbone.extra.0.1.0.weight',
  'backbone.extra.3.2.1.running_var',
  'head.classification_head.conv.0.0.weight',
  'head.classification_head.conv.0.1.weight',
  'head.classification_head.conv.1.weight',
  'head.classification_head.cls_logits.weight',
  'head.classification_head.cls_logits.bias',
  'head.regression_head.bbox_reg.weight',
  'head.regression_head.bbox_reg.bias',
  'head.regression_head.bbox_ctrness.weight',
  'head.classification_head.module_list.0.0.0.weight',
  'head.classification_head.module_list.5.1.weight',
  'head.regression_head.module_list.1.1.bias',
  'head.regression_head.module_list.1.1.weight',
];

const NUM_LABELS = 91;
/** Of an image: as many as a Faster R-CNN has. */
const LISTED_DETECTIONS = 100;
/** Detections of an image whose masks and keypoints are listed: a hundred would be most of a fixture. */
const LISTED_FINDINGS = 20;

/** expected.json of the peer kit, as far as it is used. */
interface Summary {
  shape: number[];
  sum: number;
  abs_sum: number;
  sample: number[];
}

interface PeerDetections extends Omit<DetectionList, 'keypointScores'> {
  /** Of each keypoint x, y, 1. */
  keypoints?: number[][][];
  keypoint_scores?: number[][];
}

interface PeerCandidates {
  count: number;
  score_sum: number;
  box_sum: number;
  first: DetectionList;
}

interface Evaluation {
  resized: number[][];
  batch: Summary;
  fpn: Record<string, Summary>;
  detections: PeerDetections[];
  // Of two stages.
  rpn_logits?: Summary[];
  rpn_deltas?: Summary[];
  proposals?: { count: number; first: number[][] }[];
  // Of one.
  anchors: Summary[];
  cls_logits?: Summary[];
  bbox_regression?: Summary[];
  bbox_ctrness?: Summary[];
  candidates: PeerCandidates[];
}

interface Step {
  grad_norms: Record<string, number>;
  trace: Record<string, number>[];
}

interface ByPrecision<T> {
  float32: T;
  float64: T;
}

interface Expected {
  torch: string;
  torchvision: string;
  images: { pixel_sum: number }[];
  weights: Record<string, { sum: number }>;
  overrides: Record<string, Record<string, number>>;
  eval: ByPrecision<{ single: Evaluation[]; batch: Evaluation }>;
  train: ByPrecision<Step> & {
    min_size: number;
    max_size: number;
    lr: number;
    momentum: number;
    weight_decay: number;
    targets: TrainingTarget[];
  };
}

function writePng(file: string, { pixels, size }: Picture): void {
  const png = new PNG({ ...size, colorType: 2 });
  for (let i = 0; i < size.width * size.height; i++) {
    png.data.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
    png.data[4 * i + 3] = 255;
  }
  writeFileSync(file, PNG.sync.write(png, { colorType: 2 }));
}

async function runPeer(python: string, parityCase: ParityCase): Promise<Expected> {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'));
  try {
    const pictures = await pictureSets[parityCase.pictures]();
    const files = pictures.map((picture, i) => {
      const file = join(folder, `${i}.png`);
      writePng(file, picture);
      return file;
    });
    const options = {
      model: parityCase.model,
      'num-classes': NUM_LABELS,
      seed: parityCase.seed,
      'min-size': parityCase.minSize,
      'max-size': parityCase.maxSize,
      'train-min-size': parityCase.train.minSize,
      'train-max-size': parityCase.train.maxSize,
      'resize-rule': 'float64',
      steps: parityCase.train.steps,
      lr: parityCase.train.learningRate,
      threads: 1,
      out: folder,
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    for (const [layer, gain] of Object.entries(FORMULA_GAINS)) {
      const factor = parityCase.factors?.[layer as FactoredLayer];
      if (factor !== undefined) flags.push('--gain', `^${layer.replaceAll('.', '\\.')}\\.=${gain * factor}`);
    }
    const script = sharedPath('peers/torchvision/export.py');
    execFileSync(python, [script, ...flags, ...files], { stdio: ['ignore', 'ignore', 'inherit'] });
    return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tensor({ shape, sum, abs_sum: absSum, sample }: Summary): TensorSummary {
  return { shape, sum, absSum, sample };
}

function inference(stages: Evaluation, { emitsBackground }: ParityCase): Inference {
  const { resized, batch, fpn, detections } = stages;
  const common = {
    resized,
    batch: tensor(batch),
    fpn: Object.values(fpn).map(tensor),
    detections: detections.map((list) => bestDetections(emitsBackground ? withoutBackground(list) : list)),
  };
  const { rpn_logits: rpnLogits, rpn_deltas: rpnDeltas, proposals } = stages;
  if (rpnLogits && rpnDeltas && proposals) {
    return { ...common, rpnLogits: rpnLogits.map(tensor), rpnDeltas: rpnDeltas.map(tensor), proposals };
  }
  const { anchors, cls_logits: logits = [], bbox_regression: deltas = [], bbox_ctrness: centerness } = stages;
  return {
    ...common,
    anchors: anchors.map(tensor),
    classLogits: logits.map(tensor),
    boxRegression: deltas.map(tensor),
    ...(centerness && { centerness: centerness.map(tensor) }),
    // Sums do not tell what the background has in them.
    ...(emitsBackground !== true && { candidates: stages.candidates.map(candidateList) }),
  };
}

function candidateList({
  count,
  score_sum: scoreSum,
  box_sum: boxSum,
  first,
}: PeerCandidates): CandidateList {
  return { count, scoreSum, boxSum, best: first };
}

/** How many there would have been is not known: it may have displaced others. */
function withoutBackground({ boxes, labels, scores }: PeerDetections): PeerDetections {
  const kept = [...labels.keys()].filter((i) => labels[i] > 0);
  return {
    boxes: kept.map((i) => boxes[i]),
    labels: kept.map((i) => labels[i]),
    scores: kept.map((i) => scores[i]),
    count: null,
  };
}

/** One-stage detectors find hundreds. */
function bestDetections({
  boxes,
  labels,
  scores,
  masks,
  keypoints,
  keypoint_scores: keypointScores,
  count = labels.length,
}: PeerDetections): DetectionList {
  return {
    boxes: boxes.slice(0, LISTED_DETECTIONS),
    labels: labels.slice(0, LISTED_DETECTIONS),
    scores: scores.slice(0, LISTED_DETECTIONS),
    ...((count === null || count > LISTED_DETECTIONS) && { count }),
    ...(masks && { masks: masks.slice(0, LISTED_FINDINGS).map(({ size, counts }) => ({ size, counts })) }),
    ...(keypoints && {
      keypoints: keypoints.slice(0, LISTED_FINDINGS).map((points) => points.map(([x, y]) => [x, y])),
      keypointScores: keypointScores?.slice(0, LISTED_FINDINGS),
    }),
  };
}

function training({ trace, grad_norms: gradientNorms }: Step): Training {
  return { trace, gradientNorms };
}

function fixture(expected: Expected, parityCase: ParityCase): Fixture {
  const { train, torch, torchvision, images, weights, overrides } = expected;
  const inferences = ({ single, batch }: { single: Evaluation[]; batch: Evaluation }): Inference[] =>
    [...single, batch].map((stages) => inference(stages, parityCase));
  const float32 = inferences(expected.eval.float32);
  const exact = inferences(expected.eval.float64);
  return {
    torch,
    torchvision,
    numLabels: NUM_LABELS,
    pixelSums: images.map((image) => image.pixel_sum),
    weightSums: Object.fromEntries(
      CHECKED_WEIGHTS.filter((name) => name in weights).map((name) => [name, weights[name].sum]),
    ),
    ...(Object.keys(overrides).length > 0 && { overrides }),
    rounding: {
      ...float32.map((stages, i) => compareInference(stages, exact[i])).reduce(worse),
      ...compareTraining(training(train.float32), training(train.float64)),
    },
    training: {
      settings: {
        minSize: train.min_size,
        maxSize: train.max_size,
        learningRate: train.lr,
        momentum: train.momentum,
        weightDecay: train.weight_decay,
        targets: train.targets.map(trainingTarget),
      },
      ...training(train.float64),
    },
    inference: exact,
  };
}

/** Without the polygons that the masks come from. */
function trainingTarget({ boxes, labels, masks, keypoints }: TrainingTarget): TrainingTarget {
  return {
    boxes,
    labels,
    ...(masks && { masks: masks.map(({ size, counts }) => ({ size, counts })) }),
    ...(keypoints && { keypoints }),
  };
}

/** More than float32 has. */
function nineDigits(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(9)) : value;
}

async function main([python, ...wanted]: readonly string[]): Promise<void> {
  if (python === undefined) throw new Error('give the Python of the torchvision peer');
  for (const parityCase of [...smallCases, ...largeCases]) {
    const name = caseName(parityCase);
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const expected = await runPeer(python, parityCase);
    writeFileSync(fixturePath(parityCase), `${JSON.stringify(fixture(expected, parityCase), nineDigits)}\n`);
    process.stderr.write(`${name} written\n`);
  }
}

void main(process.argv.slice(2));
