import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { readDetections, type CocoDetection } from '../../datasets/evaluation/detections';
import { evaluateDetector } from '../../datasets/evaluation/evaluate-detector';
import { truthOf } from '../../datasets/evaluation/evaluate-tasks';
import { pairedBootstrap } from '../../datasets/evaluation/bootstrap/paired-bootstrap';
import { InputError } from '../../detection/errors';
import type { IouType } from '../../detection/modeling/detector';
import { loadConfiguration } from '../config/load';
import type { TrainingConfiguration } from '../config/schema';
import { readMetrics } from '../run/folder/metrics-file';
import { runFolder } from '../run/folder/run-folder';
import { logWorkerDeath } from '../run/hooks/data-faults';
import { openDetector } from '../run/open-detector';
import { ignoringRegions } from '../run/ignore-regions';
import { metricPrefix, taskNames } from '../run/tasks';
import { readSet } from '../run/training-data';
import { Progress, logLine } from '../terminal/progress';
import type { Comparison, PairedCurve, TaskComparison } from './comparison';

/** A data set that both are compared on. */
export interface GivenAnnotations {
  readonly annotations: string;
  /** Names of categories that are regions to ignore. */
  readonly ignoreCategory?: readonly string[];
}

/** The same with its pictures. */
export interface GivenSet extends GivenAnnotations {
  readonly images: string;
}

type Pair<T> = readonly [a: T, b: T];

/**
 * Compares the best checkpoints of two runs on their validation set, or on another.
 *
 * @param given instead of the runs' own set
 * @throws InputError where a folder is no run, has no best checkpoint, or the runs have different validation sets; Interrupted.
 */
export async function compareRuns(
  runs: Pair<string>,
  given: GivenSet | undefined,
  signal: AbortSignal,
): Promise<Comparison> {
  const configurations = pairOf(runs, configurationOf);
  const best = pairOf(runs, (run) => bestOf(run));
  const set = given ? await readGiven(given) : await commonSet(runs, configurations);
  const found = [await findingsOf(best[0], set, signal), await findingsOf(best[1], set, signal)] as const;
  const metrics = pairOf(runs, (run) => readMetrics(runFolder(run).metrics));
  const curve = (name: string): PairedCurve => ({
    name,
    a: metrics[0].points(name),
    b: metrics[1].points(name),
  });
  const losses = ['total_loss', ...metrics.flatMap(({ lossNames }) => lossNames)];
  const scoreNames = found[0].tasks.flatMap((iouType) =>
    ['AP', 'AP50'].map((stat) => metricPrefix(iouType) + stat),
  );
  const isMeasured = ({ a: ofA, b: ofB }: PairedCurve): boolean => ofA.length + ofB.length > 0;
  return {
    names: runs,
    dataset: set.file,
    numImages: set.images.length,
    tasks: await compareTasks(set, found, signal),
    losses: [...new Set(losses)].map(curve).filter(isMeasured),
    scores: scoreNames.map(curve).filter(isMeasured),
    settings: differentKeys(configurations),
  };
}

/** Compares two files of detections in COCO's results format. @throws InputError where a file cannot be used; Interrupted. */
export async function compareDetections(
  files: Pair<string>,
  { annotations, ignoreCategory }: GivenAnnotations,
  signal: AbortSignal,
): Promise<Comparison> {
  const read = await readCocoDataset(annotations, null, { keepSegmentations: true, keepKeypoints: true });
  const set = ignoringRegions(read, { categories: ignoreCategory });
  const found = [await findingsIn(files[0], set), await findingsIn(files[1], set)] as const;
  return {
    names: files,
    dataset: annotations,
    numImages: set.images.length,
    tasks: await compareTasks(set, found, signal),
    losses: [],
    scores: [],
    settings: [],
  };
}

function readGiven({ annotations, images, ignoreCategory }: GivenSet): Promise<CocoDataset> {
  return readSet(annotations, images, { ignoring: { categories: ignoreCategory } });
}

function pairOf<T>([a, b]: Pair<string>, of: (name: string) => T): Pair<T> {
  return [of(a), of(b)];
}

/** What a detector has found, and what it looks for. */
interface Findings {
  readonly results: readonly CocoDetection[];
  readonly tasks: readonly IouType[];
  /** Of keypoints. */
  readonly sigmas?: readonly number[];
}

/** Compares what both look for; boxes come first. */
async function compareTasks(
  set: CocoDataset,
  [a, b]: Pair<Findings>,
  signal: AbortSignal,
): Promise<TaskComparison[]> {
  const compared: TaskComparison[] = [];
  for (const iouType of a.tasks.filter((task) => b.tasks.includes(task))) {
    const progress = new Progress(`resampling ${taskNames[iouType]}`);
    const bootstrap = await pairedBootstrap(truthOf(set, iouType), a.results, b.results, {
      ...{ iouType, sigmas: a.sigmas, signal },
      onProgress: (done, total) => progress.update(done, total),
    });
    compared.push({ iouType, bootstrap });
  }
  return compared;
}

function configurationOf(run: string): TrainingConfiguration {
  const file = runFolder(run).config;
  if (!existsSync(file)) {
    throw new InputError('not-a-run', `${run}: is no folder of a run: there is no config.yaml in it`, {
      folder: run,
    });
  }
  return loadConfiguration({ file, assignments: [], options: {} });
}

function bestOf(run: string): string {
  const { best } = runFolder(run);
  if (existsSync(best)) return best;
  throw new InputError(
    'no-best-checkpoint',
    `${run}: has no best checkpoint: it was trained without a validation set`,
    {
      folder: run,
    },
  );
}

/** @throws InputError where the runs were not validated on the same images and objects. */
async function commonSet(
  runs: Pair<string>,
  configurations: Pair<TrainingConfiguration>,
): Promise<CocoDataset> {
  const [a, b] = configurations.map(({ data }) => data);
  const first = await validationSetOf(runs[0], a);
  const keys = ['valAnnotations', 'valImages', 'crowds', 'ignoreCategories', 'skipInvalid'] as const;
  if (keys.every((key) => isDeepStrictEqual(a[key], b[key]))) return first;
  const second = await validationSetOf(runs[1], b);
  const contents = ({ images, categories, annotations }: CocoDataset): unknown => [
    images,
    categories,
    annotations,
  ];
  if (isDeepStrictEqual(contents(first), contents(second))) return first;
  throw new InputError(
    'other-validation-set',
    `${first.file} of ${runs[0]} and ${second.file} of ${runs[1]} are different validation sets; ` +
      'name one for both: --annotations FILE --images DIR',
    { a: first.file, b: second.file },
  );
}

async function validationSetOf(run: string, data: TrainingConfiguration['data']): Promise<CocoDataset> {
  const { valAnnotations, valImages, skipInvalid, crowds, ignoreCategories: categories } = data;
  if (valAnnotations === null || valImages === null) {
    throw new InputError(
      'no-validation-set-to-compare',
      `${run}: was trained without a validation set; name one: --annotations FILE --images DIR`,
      { folder: run },
    );
  }
  return readSet(valAnnotations, valImages, { skipInvalid, ignoring: { crowds, categories, mayLack: true } });
}

async function findingsOf(weights: string, set: CocoDataset, signal: AbortSignal): Promise<Findings> {
  const { model } = await openDetector(weights, {});
  try {
    const progress = new Progress(`evaluating ${weights}`);
    const { results } = await evaluateDetector(model, set, {
      log: logLine,
      onWorkerDeath: logWorkerDeath,
      signal,
      onProgress: (done, total) => progress.update(done, total),
    });
    return { results, tasks: model.iouTypes, sigmas: model.keypoints?.sigmas };
  } finally {
    model.dispose();
  }
}

/** A file has masks, or keypoints, where each of its detections has. */
async function findingsIn(file: string, set: CocoDataset): Promise<Findings> {
  const results = await readDetections(file, set);
  const has = (part: 'segmentation' | 'keypoints'): boolean =>
    results.length > 0 && results.every((detection) => detection[part] !== undefined);
  return {
    results,
    tasks: [
      'bbox',
      ...(has('segmentation') ? (['segm'] as const) : []),
      ...(has('keypoints') ? (['keypoints'] as const) : []),
    ],
  };
}

/** Keys with their values in JSON; a dash for a key that one of the models does not have. */
function differentKeys(configurations: Pair<TrainingConfiguration>): Comparison['settings'] {
  const [a, b] = configurations.map((configuration) => new Map(leavesOf(configuration, '')));
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) => {
    const [ofA, ofB] = [a.get(key) ?? '-', b.get(key) ?? '-'];
    return ofA === ofB ? [] : [[key, ofA, ofB] as const];
  });
}

function leavesOf(value: unknown, path: string): [string, string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, below]) =>
    leavesOf(below, path === '' ? key : `${path}.${key}`),
  );
}
