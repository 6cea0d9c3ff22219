/**
 * Times our training step or inference in this process and prints one line of JSON, as the peer's bench.py does:
 *
 *     node dist/tools/benchmarks/detector-case.js '{"model":"fasterrcnn_resnet50_fpn","mode":"train","size":512,"batch":1,"boxes":8,"classes":90,"steps":5}'
 */
import { loadNativeBackend } from '../../detection/backend/node';
import { medianOf } from '../../detection/events/median';
import { peakMemoryBytes } from '../../detection/engine/writers/peak-memory';
import { Sgd } from '../../detection/engine/sgd';
import { train } from '../../detection/engine/train';
import type { Detector } from '../../detection/modeling/detector';
import { createDetector } from '../../detection/modeling/definitions';
import { disposingAll } from '../../detection/nn/scope';
import type { DetectionBatch } from '../../detection/structures/detection-batch';
import { batchOf, BENCHMARK_SEED, drawPictures } from './detector-batch';
import { fillWithFormula } from './formula-weights';
import { BENCHMARK_THREADS, OtherWork, residentMegabytes } from './machine';
import type { BenchmarkPicture } from './pictures';

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
}

/** What one side of a comparison says; the peer's bench.py prints the same names. */
export interface CaseMeasurement {
  readonly median_s: number;
  readonly peak_rss_mb: number;
  readonly base_rss_mb: number;
  /** Other work on the machine spoilt the timing; null where the peer does not know. */
  readonly disturbed: boolean | null;
}

const WARMUP_STEPS = 1;
/** The peer trains with a tiny rate, so that formula weights stay as they are. */
const LEARNING_RATE = 1e-5;

/** Seconds of each step, and what shows that the work was done. */
type Timed = { seconds: number[]; loss?: number; detections?: number[] };

async function timeTraining(
  model: Detector,
  pictures: readonly BenchmarkPicture[],
  { steps }: DetectorCase,
): Promise<Timed> {
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
    iterations: WARMUP_STEPS + steps,
    hooks: [{ name: 'marks', afterStep: () => void marks.push(performance.now()) }],
  });
  const seconds = marks.slice(1).map((mark, i) => (mark - marks[i]) / 1000);
  return { seconds, loss: Object.values(losses).reduce((sum, loss) => sum + loss) };
}

function timeInference(
  model: Detector,
  pictures: readonly BenchmarkPicture[],
  { steps }: DetectorCase,
): Timed {
  model.prepareForInference();
  let detections: number[] = [];
  const seconds = Array.from({ length: WARMUP_STEPS + steps }, () => {
    const start = performance.now();
    const found = disposingAll(() => model.detect(batchOf(pictures, model.input).images));
    detections = found.map((ofImage) => ofImage.scores.length);
    return (performance.now() - start) / 1000;
  });
  return { seconds, detections };
}

async function main(detectorCase: DetectorCase): Promise<void> {
  process.env['TF_NUM_INTRAOP_THREADS'] = String(BENCHMARK_THREADS);
  await loadNativeBackend();
  const base = residentMegabytes();
  const { model: name, mode, classes } = detectorCase;
  const options = {
    numClasses: classes,
    seed: BENCHMARK_SEED,
    norm: 'frozen',
    trainableLayers: 3,
  } as const;
  const model = createDetector(name, options);
  fillWithFormula(model, BENCHMARK_SEED);
  // Normalized anew in each step: the peer's model does that itself.
  const pictures = drawPictures(detectorCase);
  const otherWork = new OtherWork();
  const timed =
    mode === 'train'
      ? await timeTraining(model, pictures, detectorCase)
      : timeInference(model, pictures, detectorCase);
  const measurement: CaseMeasurement = {
    median_s: medianOf(timed.seconds.slice(WARMUP_STEPS)),
    peak_rss_mb: peakMemoryBytes() / 2 ** 20,
    base_rss_mb: base,
    disturbed: otherWork.disturbs,
  };
  process.stdout.write(`${JSON.stringify({ ...detectorCase, ...measurement, ...timed })}\n`);
}

void main(JSON.parse(process.argv[2]) as DetectorCase);
