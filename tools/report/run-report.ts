import path from 'node:path';
import type { DetectorEvaluation } from '../../datasets/evaluation/evaluate-detector';
import type { StatName } from '../../datasets/evaluation/parameters';
import { batchesPerStep } from '../config/complete';
import { configurationYaml } from '../config/yaml-text';
import { pluralize } from '../terminal/pluralize';
import { describeEnvironment } from './environment';
import { readMetrics, type Metrics } from '../run/folder/metrics-file';
import { score } from '../html/bars';
import { evaluationsOf } from '../run/tasks';
import { writeWholeFile } from '../../detection/files/whole-file';
import { formatBytes } from '../terminal/format-bytes';
import { formatSeconds } from '../terminal/progress';
import type { ReportData } from './data';
import { reportPage } from './page';
import { runFolder } from '../run/folder/run-folder';
import type { FinishedRun } from '../run/training-run';
import { evaluationData } from './collect/evaluation';
import { runNotes } from './collect/notes';
import { galleryImages } from './collect/pictures';
import { scoreName, trainingData } from './collect/training';
import { worstImages } from './collect/worst-images';

/** Detections of a lower score are neither drawn nor counted, but in average precision and what is made of it. */
const MIN_SCORE = 0.5;

/** Writes a run's `report.html`. */
export async function writeReport(run: FinishedRun): Promise<void> {
  writeWholeFile(runFolder(run.output).report, reportPage(await reportData(run)));
}

async function reportData(run: FinishedRun): Promise<ReportData> {
  const { output, configuration, train, result } = run;
  const metrics = readMetrics(runFolder(output).metrics);
  return {
    title: `${configuration.model.name}: ${path.basename(path.resolve(output))}`,
    subtitle: describeRun(run),
    notes: runNotes(run),
    headline: headline(metrics, result),
    ...trainingData(metrics),
    ...(await evaluationPart(run)),
    scoreThreshold: MIN_SCORE,
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

type EvaluationPart = Pick<ReportData, 'evaluation' | 'gallery' | 'worst'>;

async function evaluationPart({ result, keypoints }: FinishedRun): Promise<EvaluationPart> {
  if (!result) return { gallery: [], worst: [] };
  const parts = { masks: result.tasks.segm !== undefined, keypoints };
  return {
    evaluation: evaluationData(result, keypoints, MIN_SCORE),
    gallery: await galleryImages(result, parts, MIN_SCORE),
    worst: await worstImages(result, parts, MIN_SCORE),
  };
}

function describeRun({ configuration, iteration, train, val, stoppedEarly }: FinishedRun): string {
  const { iterations, data } = configuration;
  const { batchSize } = data;
  const batches = batchesPerStep(configuration);
  const images = batches > 1 ? `${batchSize} x ${batches} images` : pluralize(batchSize, 'image');
  const stopped = stoppedEarly === undefined ? 'stopped' : 'stopped early';
  const parts = [
    `${iteration < iterations ? `${stopped} after ${iteration} of ` : ''}${pluralize(iterations, 'iteration')} of ${images}`,
    pluralize(train.images.length, 'training image'),
    ...(val ? [pluralize(val.images.length, 'validation image')] : []),
    pluralize(train.categories.length, 'category', 'categories'),
  ];
  return parts.join(', ');
}

function headline(metrics: Metrics, result: DetectorEvaluation | undefined): ReportData['headline'] {
  const evaluations = result ? evaluationsOf(result) : [];
  const isOfBoxes = evaluations.length === 1;
  const stats: readonly StatName[] = isOfBoxes ? ['AP', 'AP50', 'AP75'] : ['AP', 'AP50'];
  const numbers = evaluations.flatMap(({ iouType, names, stats: values }) =>
    stats.map((stat): [string, string] => [
      scoreName(stat, iouType, isOfBoxes),
      score(values[names.indexOf(stat)]),
    ]),
  );
  return [
    ...numbers,
    ['training', formatSeconds(metrics.sum('seconds'))],
    ['peak memory', formatBytes(metrics.max('peak_memory_bytes'))],
  ];
}
