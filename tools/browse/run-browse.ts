import path from 'node:path';
import { writeWholeFile } from '../../detection/files/whole-file';
import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import type { PlannedConfiguration } from '../config/complete';
import { requirePort } from '../loopback/loopback-server';
import { requirePastable, requireShapes } from '../run/require-shapes';
import { trainingNeeds } from '../run/wanted-targets';
import { readSet, requireObjects } from '../run/training-data';
import { formatBytes } from '../terminal/format-bytes';
import { interruptible } from '../terminal/interruption';
import { pluralize } from '../terminal/pluralize';
import { Progress } from '../terminal/progress';
import { augmentedPictures } from './collect/augmented';
import { collect, skeletonOf, type Collected, type CollectedPicture } from './collect/collect';
import { detectionsOf, detectionsOfFile } from './collect/detections';
import { embedPictures, withPicture } from './embed';
import { openSet } from './collect/open-set';
import { browsePage } from './page';
import type { PagePicture } from './page-data';
import { compareWorst, judgePicture } from './page/judged-picture';
import { pictureFor } from './picture-for';
import { servePage } from './serve';

/** Pictures of `--augmented` unless told otherwise. */
const NUM_AUGMENTED = 64;

/** A data set to be browsed. */
export interface SetToBrowse {
  readonly annotations: string;
  readonly images: string;
  /** A COCO results file, or what opens a detector. */
  readonly detections?: string | (() => Promise<LoadedDetector>);
  /** Detections below do not count when the page opens. */
  readonly minScore: number;
}

/** What becomes of the page. */
export interface BrowseOptions {
  readonly output: { readonly file: string } | { readonly port: number };
  /** Show at most so many pictures: the worst; the first, where they are augmented. */
  readonly limit?: number;
  /** Longer side of embedded pictures, pixels. */
  readonly pictureSize?: number;
}

/**
 * Shows a data set, whatever is wrong with it.
 *
 * @throws InputError where it cannot be read, or the page would be too large; Interrupted.
 */
export async function browseSet(set: SetToBrowse, options: BrowseOptions): Promise<void> {
  if ('port' in options.output) await requirePort(options.output.port, '--serve');
  await interruptible(async (signal) => {
    const { data, pictures } = await collectSet(set, signal);
    await show({ data, pictures: worst(pictures, set, options.limit) }, options, signal);
  });
}

/**
 * Shows what a training sees.
 *
 * @throws InputError where training would refuse the set, or the page would be too large; Interrupted.
 */
export async function browseAugmented(
  configuration: PlannedConfiguration,
  options: BrowseOptions,
): Promise<void> {
  if ('port' in options.output) await requirePort(options.output.port, '--serve');
  const { trainAnnotations, trainImages, skipInvalid, batchSize } = configuration.data;
  const definition = modelDefinition(configuration.model.name);
  const set = await readSet(trainAnnotations, trainImages, {
    skipInvalid,
    needs: trainingNeeds(definition, configuration.data),
  });
  requireObjects(set);
  requirePastable(set, configuration.data);
  requireShapes(set, definition);
  await interruptible(async (signal) => {
    const { limit = NUM_AUGMENTED } = options;
    const pictures = await augmentedPictures(configuration, set, limit, signal);
    const numBatches = pictures.length / batchSize;
    const data = {
      title: `${path.basename(trainAnnotations)}: what training sees`,
      subtitle: `the first ${pluralize(numBatches, 'batch', 'batches')} of seed ${configuration.seed}, ${configuration.model.name}`,
      categories: set.categories.map(({ name }) => name),
      skeleton: skeletonOf(set.categories),
      notes: [],
      looseProblems: [],
    };
    await show({ data, pictures }, options, signal);
  });
}

async function collectSet(
  { annotations, images, detections, minScore }: SetToBrowse,
  signal: AbortSignal,
): Promise<Collected> {
  const set = await openSet(annotations, images);
  const { valid } = set;
  const title = path.basename(annotations);
  if (detections === undefined) return collect(set, { title, subtitle: images, minScore });
  if (valid === undefined) {
    throw new InputError(
      'nothing-valid',
      `${annotations}: no image is valid, and detections cannot be compared with it; leave them out to see what is wrong`,
      { file: annotations },
    );
  }
  if (typeof detections === 'string') {
    const results = await detectionsOfFile(detections, set, valid);
    return collect(set, { title, subtitle: `${images}; ${detections}`, results, minScore });
  }
  const detector = await detections();
  try {
    const results = await detectionsOf(detector, valid, signal);
    const { name } = detector.model.definition;
    return collect(set, { title, subtitle: `${images}; ${name}`, results, minScore });
  } finally {
    detector.model.dispose();
  }
}

/** The worst of them, as the page orders them. */
function worst(
  pictures: readonly CollectedPicture[],
  { detections, minScore }: SetToBrowse,
  limit = Infinity,
): readonly CollectedPicture[] {
  if (pictures.length <= limit) return pictures;
  return pictures
    .map(({ page }, k) => judgePicture(page, k, detections === undefined ? undefined : minScore))
    .sort(compareWorst)
    .slice(0, limit)
    .map(({ index }) => pictures[index]);
}

async function show(
  { data, pictures }: Collected,
  { output, pictureSize }: BrowseOptions,
  signal: AbortSignal,
): Promise<void> {
  const progress = new Progress('pictures');
  const onProgress = (done: number, total: number): void => progress.update(done, total);
  if ('port' in output) {
    const known: PagePicture[] = [];
    for (const picture of pictures) known.push(await withOwnSize(picture));
    return serve(browsePage({ ...data, pictures: known }, undefined), pictures, output.port, signal);
  }
  const embedded = await embedPictures(pictures, { side: pictureSize, signal, onProgress });
  const page = browsePage({ ...data, pictures: embedded.pictures }, embedded.thumbnails);
  signal.throwIfAborted();
  writeWholeFile(output.file, page, { makeFolder: true });
  const each = `of up to ${embedded.side} pixels, ${formatBytes(page.length / pictures.length)} each`;
  process.stdout.write(
    `${output.file}: ${pluralize(pictures.length, 'picture')} ${each}, ${formatBytes(page.length)}\n`,
  );
}

/** Where a picture has another size than its annotations say, the page has to know it before it loads the picture. */
async function withOwnSize(picture: CollectedPicture): Promise<PagePicture> {
  const { page } = picture;
  if (!page.problems.some(({ kind }) => kind === 'picture size')) return page;
  return withPicture(page, await pictureFor(picture, 1));
}

/** Until the user stops it, which is no failure. */
async function serve(
  page: string,
  pictures: readonly CollectedPicture[],
  port: number,
  signal: AbortSignal,
): Promise<void> {
  const server = await servePage(page, pictures, port);
  try {
    process.stdout.write(`${server.url}\n`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve());
    });
  } finally {
    await server.close();
  }
}
