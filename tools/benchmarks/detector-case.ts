/**
 * Times our training step or inference in this process and prints one line of JSON, as the peer's bench.py does:
 *
 *     node dist/tools/benchmarks/detector-case.js '{"model":"fasterrcnn_resnet50_fpn","mode":"train","size":512,"batch":1,"boxes":8,"classes":90,"steps":5}'
 */
import { readFileSync } from 'node:fs';
import { loadNativeBackend } from '../../detection/backend/node';
import { medianOf } from '../../detection/events/median';
import { peakMemoryBytes } from '../../detection/engine/writers/peak-memory';
import { Sgd } from '../../detection/engine/sgd';
import { train } from '../../detection/engine/train';
import type { Detector } from '../../detection/modeling/detector';
import { createDetector } from '../../detection/modeling/definitions';
import { setPrecision, type Precision } from '../../detection/nn/precision';
import { disposingAll } from '../../detection/nn/scope';
import type { DetectionBatch } from '../../detection/structures/detection-batch';
import type { Detections } from '../../detection/structures/instances';
import { agreementOf, type Expected } from './agreement';
import { batchOf, BENCHMARK_SEED, drawPictures, imagesOf } from './detector-batch';
import { readExportedPicture } from './exported-picture';
import { fillWithFormula } from './formula-weights';
import { BENCHMARK_THREADS, OtherWork, residentMegabytes } from './machine';

export interface DetectorCase {
  readonly model: string;
  readonly mode: 'train' | 'infer';
  /** Pictures are `size` x `size` and are not resized. */
  readonly size: number;
  readonly batch: number;
  /** Objects in a picture. */
  readonly boxes: number;
  /** Without the background. */
  readonly classes: number;
  /** Timed steps, after one that is not. */
  readonly steps: number;
  /** float32 if left out. */
  readonly precision?: Precision;
  /** Of inference: the picture to detect in instead of a drawn one, and what torchvision has found in it. */
  readonly exported?: { readonly picture: string; readonly expected: string };
}

/** What one side of a comparison says; the peer's bench.py prints the same names. */
export interface CaseMeasurement {
  readonly median_s: number;
  readonly peak_rss_mb: number;
  readonly base_rss_mb: number;
  /** Other work on the machine spoilt the timing; null where the peer does not know. */
  readonly disturbed: boolean | null;
  /** How many of torchvision's detections were found again. */
  readonly agreement?: string;
}

const WARMUP_STEPS = 1;
/** The peer trains with a tiny rate, so that formula weights stay as they are. */
const LEARNING_RATE = 1e-5;

/** Seconds of each step, and what shows that the work was done. */
interface Timed {
  readonly seconds: readonly number[];
  /** Of the last step. */
  readonly loss?: number;
  /** Of each picture. */
  readonly detections?: readonly number[];
  readonly agreement?: string;
}

async function timeTraining(model: Detector, detectorCase: DetectorCase): Promise<Timed> {
  // Normalized anew in each step: the peer's model does that itself.
  const pictures = drawPictures(detectorCase);
  const marks = [performance.now()];
  function* batches(): Generator<DetectionBatch, void> {
    for (;;) {
      const batch = batchOf(pictures, model.input);
      try {
        yield batch;
      } finally {
        batch.images.tensor.dispose();
      }
    }
  }
  const { losses } = await train(batches(), model, {
    optimizer: new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 }),
    learningRate: () => LEARNING_RATE,
    iterations: WARMUP_STEPS + detectorCase.steps,
    hooks: [{ name: 'marks', afterStep: () => void marks.push(performance.now()) }],
  });
  const seconds = marks.slice(1).map((mark, i) => (mark - marks[i]) / 1000);
  return { seconds, loss: Object.values(losses).reduce((sum, loss) => sum + loss) };
}

function timeInference(model: Detector, detectorCase: DetectorCase): Timed {
  const { steps, exported } = detectorCase;
  const pictures = exported
    ? [{ pixels: readExportedPicture(exported.picture) }]
    : drawPictures(detectorCase);
  model.prepareForInference();
  let found: Detections[] = [];
  const seconds = Array.from({ length: WARMUP_STEPS + steps }, () => {
    const start = performance.now();
    found = disposingAll(() => model.detect(imagesOf(pictures, model.input)));
    return (performance.now() - start) / 1000;
  });
  const agreement =
    exported && agreementOf(found[0], JSON.parse(readFileSync(exported.expected, 'utf8')) as Expected);
  return { seconds, detections: found.map(({ scores }) => scores.length), agreement };
}

async function main(detectorCase: DetectorCase): Promise<void> {
  process.env['TF_NUM_INTRAOP_THREADS'] = String(BENCHMARK_THREADS);
  await loadNativeBackend();
  const base = residentMegabytes();
  const { model: name, mode, classes, precision = 'float32' } = detectorCase;
  const options = {
    numClasses: classes,
    seed: BENCHMARK_SEED,
    norm: 'frozen',
    trainableLayers: 3,
  } as const;
  const model = createDetector(name, options);
  fillWithFormula(model, BENCHMARK_SEED);
  setPrecision(model, precision);
  const otherWork = new OtherWork();
  const timed =
    mode === 'train' ? await timeTraining(model, detectorCase) : timeInference(model, detectorCase);
  const measurement: CaseMeasurement = {
    median_s: medianOf(timed.seconds.slice(WARMUP_STEPS)),
    peak_rss_mb: peakMemoryBytes() / 2 ** 20,
    base_rss_mb: base,
    disturbed: otherWork.disturbs,
    agreement: timed.agreement,
  };
  process.stdout.write(`${JSON.stringify({ ...detectorCase, ...timed, ...measurement })}\n`);
}

void main(JSON.parse(process.argv[2]) as DetectorCase);
