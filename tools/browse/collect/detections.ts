import { CocoDataset, type CocoImage } from '../../../datasets/coco/annotations';
import { isId } from '../../../datasets/coco/entries';
import { readJsonFile } from '../../../datasets/coco/json/json-file';
import { checkDetections, kindOfResults, type CocoDetection } from '../../../datasets/evaluation/detections';
import { evaluateDetector } from '../../../datasets/evaluation/evaluate-detector';
import { InputError } from '../../../detection/errors';
import type { LoadedDetector } from '../../../weights/detectors/load-detector';
import { logWorkerDeath } from '../../run/hooks/data-faults';
import { pluralize } from '../../terminal/pluralize';
import { logLine, Progress } from '../../terminal/progress';
import type { OpenedSet, ValidPart } from './open-set';

/**
 * Detections of a COCO results file, with a note where some are not shown.
 *
 * @throws JsonFileError, DetectionsError, or InputError where they have no boxes
 */
export async function detectionsOfFile(
  file: string,
  { entries }: OpenedSet,
  { dataset }: ValidPart,
): Promise<readonly CocoDetection[]> {
  const found = checkDetections(await readJsonFile(file), withAllImages(dataset, entries), file);
  if (kindOfResults(found) !== 'boxes') {
    throw new InputError('no-boxes', `${file}: the detections have no boxes, which are what is shown`, {
      file,
    });
  }
  const shown = found.filter(({ image_id: id }) => dataset.imageOf(id) !== undefined);
  if (shown.length < found.length) {
    const are = pluralize(found.length - shown.length, 'detection is', 'detections are');
    logLine(`${file}: ${are} not shown, of images that rcnn check refuses`);
  }
  return shown;
}

/** The images too that are invalid: who has detected in them has done nothing wrong. */
function withAllImages(dataset: CocoDataset, { images }: OpenedSet['entries']): CocoDataset {
  const { file, imageFolder, categories } = dataset;
  const all = new Map(
    images.flatMap(({ id, fileName, width, height }): [number, CocoImage][] =>
      isId(id) ? [[id, { id, fileName, width, height }]] : [],
    ),
  );
  return new CocoDataset(file, imageFolder, [...all.values()], categories, [], []);
}

/**
 * What a detector finds in the valid images.
 *
 * @throws InputError where it has no category of the set; the signal's reason.
 */
export async function detectionsOf(
  { model, categories }: LoadedDetector,
  { dataset }: ValidPart,
  signal: AbortSignal,
): Promise<readonly CocoDetection[]> {
  const progress = new Progress('detecting');
  const { results } = await evaluateDetector(model, dataset, {
    categories,
    log: logLine,
    onWorkerDeath: logWorkerDeath,
    signal,
    onProgress: (done, total) => progress.update(done, total),
  });
  return results;
}
