import { AnnotationError, type CocoImage } from './annotations';
import type { CocoFile } from './coco-file';
import { isObject } from './entries';
import { readJsonFile } from './json-file';
import { ProblemList } from './problems';
import { checkedDataset, type RefuseImage } from './read-dataset';

/** What else is checked. */
export interface CocoFileOptions {
  /** Looks at the pictures of the images, and calls `refuse` for those that cannot be used. */
  readonly checkImages?: (images: readonly CocoImage[], refuse: RefuseImage) => Promise<void>;
}

/**
 * Reads a COCO instances file with all of its keys, to write it again in parts or with others. It is checked as by
 * `readCocoDataset`.
 *
 * @throws JsonFileError where the file is no JSON; AnnotationError where it is, but wrong, or has a number that could not be
 *   written again as it is.
 */
export async function readCocoFile(file: string, { checkImages }: CocoFileOptions = {}): Promise<CocoFile> {
  const problems = new ProblemList();
  const seen = new Map<string, number>();
  const root = await readJsonFile(file, (entry, list) => {
    const index = seen.get(list) ?? 0;
    seen.set(list, index + 1);
    for (const [key, value] of isObject(entry) ? Object.entries(entry) : []) {
      // Ids are checked with the rest.
      if (KNOWN_IDS.includes(key)) continue;
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) continue;
      const reason = `${String(value)} is a number beyond 2^53 - 1, which loses its last digits; put it in quotes`;
      problems.add({ kind: 'structure', place: `${list}[${index}].${key}`, reason });
    }
    return entry;
  });
  await checkedDataset(root, file, '', { checkImages });
  if (!problems.isEmpty) throw new AnnotationError(file, problems.problems, problems.describe(file));
  return root as CocoFile;
}

const KNOWN_IDS = ['id', 'image_id', 'category_id'];
