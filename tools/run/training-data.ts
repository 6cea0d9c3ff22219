import { AnnotationError, type CocoDataset } from '../../datasets/coco/annotations';
import { checkedDataset, readCocoDataset, type CocoReadOptions } from '../../datasets/coco/read-dataset';
import { ProblemList } from '../../datasets/coco/problems';
import { turnedPictures } from '../../datasets/coco/upright';
import { gtTargets } from '../../datasets/coco/targets';
import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { checkPictures } from './check-pictures';
import { NameHints } from './name-hints';
import { possibleRepairs } from './repairs';
import { requirePastable, requireShapes, withLabeledKeypoints } from './require-shapes';
import { trainingNeeds } from './wanted-targets';
import type { TrainingConfiguration } from '../config/schema';
import { pluralize } from '../terminal/pluralize';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { logLine } from '../terminal/progress';
import { ignoringRegions, type Ignoring } from './ignore-regions';
import type { TrainingRun } from './training-run';

/**
 * Reads and checks everything that a run will use.
 *
 * @param resume where pictures that break are skipped, a run that goes on does not look at them before: it skips them when
 *   their turn comes, as it has before.
 * @throws InputError with all that is wrong with the files and pictures of both sets.
 */
export async function readTrainingData(
  { model, data }: TrainingConfiguration,
  resume: boolean,
): Promise<Pick<TrainingRun, 'train' | 'val'>> {
  const { skipInvalid } = data;
  const definition = modelDefinition(model.name);
  const checksPictures = skipInvalid || !resume || data.onBrokenPicture === 'stop';
  const ignored = { crowds: data.crowds, categories: data.ignoreCategories };
  const readObjects = async (annotations: string, images: string, isVal: boolean): Promise<CocoDataset> => {
    const ignoring = { ...ignored, mayLack: isVal };
    const needs = isVal ? definition.needs : trainingNeeds(definition, data);
    const set = await readSet(annotations, images, { skipInvalid, checksPictures, ignoring, needs });
    requireObjects(set);
    requireShapes(set, definition);
    return set;
  };
  const { trainAnnotations, trainImages, valAnnotations, valImages } = data;
  const [train, val] = await withoutInputErrors(
    async () => {
      const set = await readObjects(trainAnnotations, trainImages, false);
      requirePastable(set, data);
      return withLabeledKeypoints(set, data.minKeypoints);
    },
    async () =>
      valAnnotations === null || valImages === null
        ? undefined
        : readObjects(valAnnotations, valImages, true),
  );
  return { train, val };
}

/**
 * What two actions come to, one after the other.
 *
 * @throws InputError with all that is wrong with the user's input for either.
 */
async function withoutInputErrors<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  const one = await inputErrorOf(first);
  const other = await inputErrorOf(second);
  if (one instanceof InputError && other instanceof InputError) {
    throw new InputError('several', `${one.message}\n\n${other.message}`, { codes: [one.code, other.code] });
  }
  if (one instanceof InputError) throw one;
  if (other instanceof InputError) throw other;
  return [one, other];
}

/** What an action comes to, or why the user's input does not allow it. Anything else is thrown. */
async function inputErrorOf<T>(action: () => Promise<T>): Promise<T | InputError> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

/**
 * A run that takes a day or more can wait so long for the check of its pictures; the headers of COCO's 118 000 take half a
 * minute.
 */
const MAX_CHECK_SECONDS = 120;

export interface SetCheck {
  /** Leave out what is invalid rather than refuse the set. Default false. */
  readonly skipInvalid?: boolean;
  /** Look at the pictures, not only at their folder. Default true. */
  readonly checksPictures?: boolean;
  /** Decode each picture, however many they are. Default false. */
  readonly decodeAll?: boolean;
  /** What the annotation file is taken to hold, repaired. Default: what it holds. */
  readonly content?: unknown;
  /** See `CocoReadOptions`. */
  readonly keepAllProblems?: boolean;
  /** What of objects is read and checked beside their boxes. Default: nothing. */
  readonly needs?: ModelDefinition['needs'];
  /** Read masks, unchecked, and keypoints, to be shown. Default false. */
  readonly keepShapes?: boolean;
  /** What counts neither as object nor as background. Default: nothing. */
  readonly ignoring?: Ignoring;
  /** Pictures that declare more pixels are refused. Default: what PIL refuses. */
  readonly maxPixels?: number;
}

/** Reads and checks a data set with its pictures; what has been put right, left out or ignored is said to the user. */
export async function readSet(
  annotations: string,
  images: string,
  options: SetCheck = {},
): Promise<CocoDataset> {
  const dataset = await checkedSet(annotations, images, options);
  for (const note of dataset.notes) logLine(`${annotations}: ${note}`);
  if (dataset.leftOut.problems.length > 0) {
    logLine(`${annotations}: left out as invalid: ${leftOutCounts(dataset)}`);
    const remedy = await possibleRepairs(annotations, images);
    if (remedy !== undefined) logLine(`${annotations}: ${remedy}`);
  }
  return options.ignoring ? ignoringRegions(dataset, options.ignoring) : dataset;
}

/**
 * Reads a data set and looks at its pictures.
 *
 * @throws InputError with everything that is wrong with it.
 */
export async function checkedSet(
  annotations: string,
  images: string,
  {
    skipInvalid = false,
    checksPictures = true,
    decodeAll = false,
    keepAllProblems = false,
    needs = [],
    keepShapes = false,
    content,
    maxPixels,
  }: SetCheck,
): Promise<CocoDataset> {
  // What is left out must not depend on the time that it takes to find it: the run would not repeat.
  const maxSeconds = skipInvalid || decodeAll || keepAllProblems ? Infinity : MAX_CHECK_SECONDS;
  const isFolder = statOrUndefined(images)?.isDirectory() === true;
  const hints = new NameHints(annotations, images);
  const readOptions: CocoReadOptions = {
    skipInvalid,
    keepAllProblems,
    keepSegmentations: keepShapes || needs.includes('masks'),
    checkSegmentations: needs.includes('masks'),
    keepKeypoints: keepShapes || needs.includes('keypoints'),
    nameHint: (name) => hints.ofName(name),
    checkImages: (entries, refuse) =>
      isFolder && checksPictures
        ? checkPictures(images, entries, hints.refusing(entries, refuse), {
            decodeAll,
            maxSeconds,
            maxPixels,
          })
        : turnedPictures(images, entries),
  };
  const read = (): Promise<CocoDataset> =>
    content === undefined
      ? readCocoDataset(annotations, images, readOptions)
      : checkedDataset(content, annotations, images, readOptions);
  const [, set] = await withoutInputErrors(
    () =>
      isFolder
        ? Promise.resolve()
        : Promise.reject(
            new InputError('no-picture-folder', `${images}: there is no such folder of pictures`, {
              folder: images,
            }),
          ),
    () =>
      read().catch(async (error: unknown) => {
        throw error instanceof AnnotationError && content === undefined
          ? await hints.withRemedies(error)
          : error;
      }),
  );
  return set;
}

/** `1 image, 5 annotations`. */
export function leftOutCounts({ leftOut: { images, annotations } }: CocoDataset): string {
  return `${pluralize(images, 'image')}, ${pluralize(annotations, 'annotation')}`;
}

/** @throws AnnotationError where there is nothing to learn from. */
export function requireObjects(set: CocoDataset): void {
  if (set.images.some((image) => gtTargets(set, image).labels.length > 0)) return;
  const problems = new ProblemList();
  for (const problem of set.leftOut.problems) problems.add(problem);
  problems.add({ kind: 'structure', place: 'annotations', reason: 'no image has an object' });
  throw new AnnotationError(set.file, problems.problems, problems.describe(set.file));
}
