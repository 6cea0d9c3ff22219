import { AnnotationError, type CocoDataset } from './annotations';
import type { CocoFile, CocoFileAnnotation } from './coco-file';
import { isObject } from './entries';
import { readJsonFile } from './json/json-file';
import { ProblemList } from './problems';
import { checkedDataset, type CocoReadOptions } from './read-dataset';
import { turnKeypoints } from './keypoints/turn-keypoints';
import { annotatedAsStored, turnedPictures, type TurnedPictures } from './upright';

/** How a file is read. */
export interface CocoFileOptions extends Pick<CocoReadOptions, 'checkImages'> {
  /**
   * Folder of the pictures. Where it is given, sizes, boxes, masks and keypoints are turned to the pictures as they are
   * shown, as readCocoDataset does; otherwise they stay as they are.
   */
  readonly imageFolder?: string;
}

/** They are checked with the rest. */
const IDS = ['id', 'image_id', 'category_id'];

/**
 * Reads a COCO instances file with all of its keys, to write it again in parts, with others, or in another format. It is
 * checked as by `readCocoDataset`.
 *
 * @throws JsonFileError where the file is no JSON; AnnotationError where it is, but wrong, or has a number that could not be
 *   written again as it is.
 */
export async function readCocoFile(
  file: string,
  { imageFolder, checkImages }: CocoFileOptions = {},
): Promise<CocoFile> {
  const problems = new ProblemList();
  const seen = new Map<string, number>();
  const root = await readJsonFile(file, (entry, list) => {
    const index = seen.get(list) ?? 0;
    seen.set(list, index + 1);
    for (const [key, value] of isObject(entry) ? Object.entries(entry) : []) {
      if (!Number.isInteger(value) || Number.isSafeInteger(value) || IDS.includes(key)) continue;
      const reason = `${String(value)} is a number beyond 2^53 - 1, which loses its last digits; put it in quotes`;
      problems.add({ kind: 'structure', place: `${list}[${index}].${key}`, reason });
    }
    return entry;
  });
  const look = checkImages ?? headersIn(imageFolder);
  let toTurn: TurnedPictures = new Map();
  const checked = await checkedDataset(root, file, imageFolder ?? '', {
    checkImages: async (images, refuse) => {
      const turned = await look(images, refuse);
      toTurn = annotatedAsStored(images, turned);
      return turned;
    },
    keepSegmentations: true,
  });
  if (!problems.isEmpty) throw new AnnotationError(file, problems.problems, problems.describe(file));
  return upright(root as CocoFile, checked, toTurn);
}

/** Where there is no folder, no picture is known to be turned. */
function headersIn(folder: string | undefined): NonNullable<CocoReadOptions['checkImages']> {
  return (images) => (folder === undefined ? Promise.resolve(new Map()) : turnedPictures(folder, images));
}

/**
 * The file with the names, sizes, boxes and masks of a data set that has been read from it.
 *
 * @param toTurn the pictures that these have been turned for: so are keypoints.
 */
function upright(file: CocoFile, { images, annotations }: CocoDataset, toTurn: TurnedPictures): CocoFile {
  const read = new Map(
    images.map(({ id, fileName, width, height }) => [id, { file_name: fileName, width, height }]),
  );
  return {
    ...file,
    images: file.images.map((image) => ({ ...image, ...read.get(image.id) })),
    annotations: file.annotations.map((annotation, index) => {
      const { bbox, segmentation } = annotations[index];
      const header = toTurn.get(annotation.image_id);
      return {
        ...annotation,
        bbox,
        ...(segmentation !== undefined && {
          segmentation: segmentation as CocoFileAnnotation['segmentation'],
        }),
        // What is no such list stays as it is, for whoever reads it to refuse.
        ...(header !== undefined &&
          isFlatList(annotation.keypoints) && {
            keypoints: turnKeypoints(annotation.keypoints, header.orientation, header.stored),
          }),
      };
    }),
  };
}

/** Whether it is a list of x, y, visibility of keypoints. */
function isFlatList(keypoints: unknown): keypoints is readonly number[] {
  return Array.isArray(keypoints) && keypoints.length % 3 === 0 && keypoints.every(Number.isFinite);
}
