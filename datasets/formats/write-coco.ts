import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeWholeFolder } from '../../detection/files/whole-folder';
import { jsonParts } from '../coco/json/json-parts';
import type { DatasetPart } from './dataset-part';
import { placePicture } from './place-pictures';
import type { WriteOptions, WrittenDataset } from './written-dataset';

/**
 * Writes a data set in COCO's format: `PART.json`, and the pictures of each part in `images/PART`. The folder is there when all
 * is done, or not at all.
 *
 * @param output folder to make.
 */
export async function writeCocoDataset(
  parts: readonly DatasetPart[],
  output: string,
  { pictures = 'copy', onProgress, signal }: WriteOptions = {},
): Promise<WrittenDataset> {
  const total = parts.reduce((sum, { file }) => sum + file.images.length, 0);
  let done = 0;
  await makeWholeFolder(path.resolve(output), async (folder) => {
    for (const { name, file, imageFolder } of parts) {
      const placed = new Set<string>();
      for (const { file_name: fileName } of file.images) {
        signal?.throwIfAborted();
        const place = path.join(folder, 'images', name, fileName);
        // A picture may stand under several image ids.
        if (!placed.has(place)) await placePicture(path.join(imageFolder, fileName), place, pictures);
        placed.add(place);
        onProgress?.(++done, total);
      }
      await writeFile(path.join(folder, `${name}.json`), jsonParts(file));
    }
  });
  return {
    parts: parts.map(({ name, file }) => ({
      name,
      images: file.images.length,
      objects: file.annotations.length,
    })),
    notes: [],
  };
}
