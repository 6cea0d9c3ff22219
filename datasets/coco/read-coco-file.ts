import { AnnotationError, type CocoDataset } from './annotations';
import type { CocoFile, CocoFileAnnotation } from './coco-file';
import { isObject } from './entries';
import { readJsonFile } from './json-file';
import { ProblemList } from './problems';
import { checkedDataset, type CocoReadOptions } from './read-dataset';

/** How a file is read. */
export interface CocoFileOptions extends Pick<CocoReadOptions, 'checkImages'> {
  /**
   * Folder of the pictures. Where it is given, sizes, boxes and masks are turned to the pictures as they are shown, as
   * readCocoDataset does; otherwise they stay as they are.
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
  const checked = await checkedDataset(root, file, imageFolder ?? '', {
    checkImages: checkImages ?? (imageFolder === undefined ? () => Promise.resolve(new Map()) : undefined),
    keepSegmentations: true,
  });
  if (!problems.isEmpty) throw new AnnotationError(file, problems.problems, problems.describe(file));
  return upright(root as CocoFile, checked);
}

/** The file with the sizes, boxes and masks of a data set that has been read from it. */
function upright(file: CocoFile, { images, annotations }: CocoDataset): CocoFile {
  const sizes = new Map(images.map(({ id, width, height }) => [id, { width, height }]));
  return {
    ...file,
    images: file.images.map((image) => ({ ...image, ...sizes.get(image.id) })),
    annotations: file.annotations.map((annotation, index) => {
      const { bbox, segmentation } = annotations[index];
      return {
        ...annotation,
        bbox,
        ...(segmentation !== undefined && {
          segmentation: segmentation as CocoFileAnnotation['segmentation'],
        }),
      };
    }),
  };
}
