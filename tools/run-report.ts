import path from 'node:path';
import sharp from 'sharp';
import type { CocoDataset, CocoImage } from '../datasets/coco/annotations';
import { gtTargets } from '../datasets/coco/targets';
import type { CocoEvaluation } from '../datasets/evaluation/evaluate';
import { AREA_RANGES, IOU_THRESHOLDS } from '../datasets/evaluation/parameters';
import type { StatName } from '../datasets/evaluation/summarize';
import { decodeImage } from '../datasets/images/decode';
import { scaleBoxes } from '../detection/structures/boxes';
import { configurationYaml } from './config/yaml-text';
import type { CompleteConfiguration } from './config/complete';
import { aboveThreshold } from './detect-images';
import { describeEnvironment, formatBytes } from './environment';
import type { DetectorEvaluation } from './evaluate-detector';
import { readMetrics, type Metrics } from './metrics-file';
import { writeAtomically } from './output-files';
import { formatSeconds } from './progress';
import type { ApTable, GalleryImage, PrecisionCurve, ReportData } from './report/data';
import { reportPage } from './report/page';
import { runFolder } from './run-folder';

/** What a run is reported from that is done, or has been stopped. */
export interface FinishedRun {
  readonly output: string;
  /** Steps done. */
  readonly iteration: number;
  readonly configuration: CompleteConfiguration;
  readonly train: CocoDataset;
  readonly val: CocoDataset | undefined;
  readonly result: DetectorEvaluation | undefined;
  /** Why it ended before its last iteration, where it did so by itself. */
  readonly stoppedEarly?: string;
}

/** Pictures of the gallery: enough to judge by, and a page of a megabyte or so. */
const GALLERY_SIZE = 12;
const MAX_PICTURE_SIDE = 512;
const PICTURE_QUALITY = 80;
const GALLERY_SCORE = 0.5;

const columns: readonly [name: string, stat: StatName][] = [
  ['AP', 'AP'],
  ['AP50', 'AP50'],
  ['AP75', 'AP75'],
  ['AP small', 'APs'],
  ['AP medium', 'APm'],
  ['AP large', 'APl'],
  ['AR', 'AR100'],
];

/** Writes a run's `report.html`. */
export async function writeReport(run: FinishedRun): Promise<void> {
  writeAtomically(runFolder(run.output).report, reportPage(await reportData(run)));
}

async function reportData(run: FinishedRun): Promise<ReportData> {
  const { output, configuration, train, val, result } = run;
  const metrics = readMetrics(runFolder(output).metrics);
  const curve = (name: string): ReportData['losses'][number] => ({ name, points: metrics.points(name) });
  return {
    title: `${configuration.model.name}: ${path.basename(path.resolve(output))}`,
    subtitle: describeRun(run),
    headline: headline(metrics, result?.evaluation),
    losses: ['total_loss', ...metrics.lossNames].map(curve).filter(({ points }) => points.length > 0),
    learningRate: { name: 'learning rate', points: metrics.points('lr') },
    scores: [
      { name: 'AP', points: metrics.points('val/AP') },
      { name: 'AP50', points: metrics.points('val/AP50') },
    ],
    evaluation: result && val && evaluationPart(result.evaluation, val),
    gallery: result && val ? await gallery(val, train, result) : [],
    scoreThreshold: GALLERY_SCORE,
    categoryNames: train.categories.map(({ name }) => name),
    configuration: configurationYaml(configuration),
    environment: [
      ...describeEnvironment(),
      ['seconds per iteration', `${metrics.median('seconds').toFixed(3)} (median)`],
      ['waiting for pictures', `${metrics.median('data_seconds').toFixed(3)} s an iteration (median)`],
      ['peak memory', formatBytes(metrics.max('peak_memory_bytes'))],
    ],
  };
}

function describeRun({ configuration, iteration, train, val, stoppedEarly }: FinishedRun): string {
  const { iterations, data } = configuration;
  const stopped = stoppedEarly === undefined ? 'stopped' : `stopped early (${stoppedEarly})`;
  const parts = [
    `${iteration < iterations ? `${stopped} after ${iteration} of ` : ''}${iterations} iterations of ${data.batchSize} images`,
    `${train.images.length} training images`,
    ...(val ? [`${val.images.length} validation images`] : []),
    `${train.categories.length} categories`,
  ];
  return parts.join(', ');
}

function headline(metrics: Metrics, evaluation: CocoEvaluation | undefined): ReportData['headline'] {
  const scores = (evaluation?.stats.slice(0, 3) ?? []).map((value, k): [string, string] => [
    evaluation!.names[k],
    value < 0 ? '–' : value.toFixed(3),
  ]);
  return [
    ...scores,
    ['training', formatSeconds(metrics.sum('seconds'))],
    ['peak memory', formatBytes(metrics.max('peak_memory_bytes'))],
  ];
}

function evaluationPart(evaluation: CocoEvaluation, val: CocoDataset): ReportData['evaluation'] {
  const { stats, names, perCategory, curves } = evaluation;
  const table: ApTable = {
    columns: columns.map(([name]) => name),
    overall: { name: 'all categories', values: columns.map(([, stat]) => stats[names.indexOf(stat)]) },
    categories: perCategory.map((scores) => ({
      name: scores.name,
      values: columns.map(([, stat]) => scores[stat]),
    })),
  };
  const all = AREA_RANGES.findIndex(({ name }) => name === 'all');
  const precisionAt = (category: number, thresholds: readonly number[]): number[] =>
    meanCurve(thresholds.map((t) => curves.precisionAt(category, all, t)));
  const overall = (name: string, thresholds: readonly number[]): PrecisionCurve => ({
    name,
    precision: meanCurve(val.categories.map((_, k) => precisionAt(k, thresholds))),
  });
  const [at50, at75] = [IOU_THRESHOLDS.indexOf(0.5), IOU_THRESHOLDS.indexOf(0.75)];
  return {
    table,
    overall: [
      overall('0.50', [at50]),
      overall('0.75', [at75]),
      overall(
        '0.50 to 0.95',
        IOU_THRESHOLDS.map((_, t) => t),
      ),
    ],
    perCategory: val.categories.map(({ name }, k) => ({ name, precision: precisionAt(k, [at50]) })),
  };
}

/** Mean at each recall over the curves that are defined there; -1 where none is. */
function meanCurve(curves: readonly ArrayLike<number>[]): number[] {
  return Array.from({ length: curves[0]?.length ?? 0 }, (_, r) => {
    const defined = curves.map((curve) => curve[r]).filter((value) => value >= 0);
    return defined.length === 0 ? -1 : defined.reduce((sum, value) => sum + value, 0) / defined.length;
  });
}

/** Pictures spread evenly over the validation set. */
async function gallery(
  val: CocoDataset,
  train: CocoDataset,
  { detections }: DetectorEvaluation,
): Promise<GalleryImage[]> {
  const count = Math.min(GALLERY_SIZE, val.images.length);
  const chosen = Array.from(
    { length: count },
    (_, k) => val.images[Math.floor((k * val.images.length) / count)],
  );
  return Promise.all(
    chosen.map(async (image) => {
      const { size, jpeg } = await thumbnail(path.join(val.imageFolder ?? '', image.fileName));
      const { gtBoxes, gtLabels } = gtTargets(val, image);
      const found = aboveThreshold(detections.get(image.id)!, GALLERY_SCORE);
      return {
        fileName: image.fileName,
        ...size,
        jpeg,
        truth: {
          boxes: scaleBoxes(gtBoxes, image, size),
          // Colors and names go by the detector's labels; the validation set may lack some categories.
          labels: gtLabels.map((label) => train.labelOf(val.categoryOf(label).id)),
        },
        detections: { ...found, boxes: scaleBoxes(found.boxes, image, size) },
      };
    }),
  );
}

async function thumbnail(file: string): Promise<{ size: Pick<CocoImage, 'width' | 'height'>; jpeg: Buffer }> {
  const { pixels, size } = await decodeImage(file);
  const scale = Math.min(1, MAX_PICTURE_SIDE / Math.max(size.width, size.height));
  const small = {
    width: Math.max(1, Math.round(size.width * scale)),
    height: Math.max(1, Math.round(size.height * scale)),
  };
  const jpeg = await sharp(pixels, { raw: { ...size, channels: 3 } })
    .resize({ ...small, fit: 'fill' })
    .jpeg({ quality: PICTURE_QUALITY })
    .toBuffer();
  return { size: small, jpeg };
}
