import { isObject } from '../coco/entries';
import { readJsonFile } from '../coco/json/json-file';
import { repairAnnotationIds } from './annotation-ids';
import { repairBoxes } from './boxes';
import { repairCategories } from './categories';
import { repairEntryIds } from './entry-ids';
import { repairFileNames } from './file-names';
import { repairKeypoints } from './keypoints';
import { repairNulls } from './nulls';
import { repairNumbers, segmentationOfTexts } from './numbers';
import { PictureFolder } from './picture-folder';
import { RepairLog, type Repair, type Undecided } from './repair-log';
import { isBox, type Entry, type Item, type RepairSet } from './items';
import type { RepairFamily } from './repair-family';
import { repairRunLengthSizes } from './run-length-sizes';
import { repairSamePictures } from './same-pictures';
import { polygonsInOtherLayout, repairSegmentations } from './segmentations';
import { repairSizes } from './sizes';
import { repairTurnedSizes } from './turned-sizes';

/** A later one builds on the earlier ones. */
const FAMILIES: readonly RepairFamily[] = [
  repairEntryIds,
  repairNumbers,
  repairFileNames,
  repairSegmentations,
  repairBoxes,
  repairTurnedSizes,
  repairSizes,
  repairRunLengthSizes,
  repairKeypoints,
  repairNulls,
  repairAnnotationIds,
  repairSamePictures,
  repairCategories,
];

/** A COCO file and what has been put right in it. */
export interface RepairedCoco {
  /** The file as an object, with all fields that this project does not read. */
  readonly content: unknown;
  /** One by one, kind by kind. */
  readonly repairs: readonly Repair[];
  /** What could mean several things, and stays. */
  readonly undecided: readonly Undecided[];
}

/**
 * Puts right what annotation tools write otherwise than COCO and that has one meaning: numbers as text, ids that are words, nulls, annotation ids
 * that begin anew with each image, names of pictures that differ from their files', sizes that are missing, one picture under several
 * ids, ... Nothing is guessed, nothing else is checked, and nothing is written. All of the file is in memory meanwhile.
 *
 * @throws JsonFileError where the file is no JSON.
 */
export async function repairCocoFile(annotationFile: string, imageFolder: string): Promise<RepairedCoco> {
  const log = new RepairLog(Infinity);
  const content = await repairCoco(await readJsonFile(annotationFile), imageFolder, log);
  return { content, repairs: log.repairs.problems, undecided: log.undecided.problems };
}

/**
 * As repairCocoFile, of a file that has been read.
 *
 * @param root is not changed.
 * @returns `root` itself where there is nothing to repair, or it is not an object with three lists of objects.
 */
export async function repairCoco(root: unknown, imageFolder: string, log: RepairLog): Promise<unknown> {
  if (!isObject(root)) return root;
  const [images, annotations, categories] = [root.images, root.annotations, root.categories].map(itemsOf);
  if (images === undefined || annotations === undefined || categories === undefined) return root;
  let set: RepairSet = { images, annotations, categories };
  const context = { pictures: new PictureFolder(imageFolder), log };
  for (const repair of FAMILIES) set = await repair(set, context);
  if (log.repairs.isEmpty) return root;
  const entriesOf = (items: readonly Item[]): Entry[] => items.map(({ entry }) => entry);
  return {
    ...root,
    images: entriesOf(set.images),
    annotations: entriesOf(set.annotations),
    categories: entriesOf(set.categories),
  };
}

/**
 * What repairs read, to find out what they would do: polygons, most of a large file, matter only where the box is missing, or they hold
 * texts or have another layout than COCO's.
 */
export function keepRepairedFields(entry: unknown, key: string): unknown {
  if (!isObject(entry) || key === 'categories' || key === 'images') return entry;
  if (key !== 'annotations') return undefined;
  const { id, image_id, category_id, bbox, area, iscrowd, segmentation, keypoints, num_keypoints } = entry;
  const kept = { id, image_id, category_id, bbox, area, iscrowd, keypoints, num_keypoints };
  const hasBox = isBox(bbox) && (bbox[2] > 0 || bbox[3] > 0);
  const isAsInCoco =
    Array.isArray(segmentation) &&
    segmentationOfTexts(segmentation) === undefined &&
    polygonsInOtherLayout(segmentation) === undefined;
  return hasBox && isAsInCoco ? kept : { ...kept, segmentation };
}

function itemsOf(list: unknown): Item[] | undefined {
  if (!Array.isArray(list) || !list.every(isObject)) return undefined;
  return list.map((entry, index) => ({ index, entry }));
}
