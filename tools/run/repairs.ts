import { readJsonFile } from '../../datasets/coco/json/json-file';
import { keepRepairedFields, repairCoco } from '../../datasets/repair/repair-coco';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { RepairLog } from '../../datasets/repair/repair-log';

/**
 * What `rcnn check --repair` could put right in a data set, in a sentence; undefined where there is nothing. Nothing is
 * written.
 */
export async function possibleRepairs(annotations: string, images: string): Promise<string | undefined> {
  // A pipe gives what it holds once.
  if (statOrUndefined(annotations)?.isFile() !== true) return undefined;
  const log = new RepairLog(0);
  await repairCoco(await readJsonFile(annotations, keepRepairedFields), images, log);
  return log.repairs.isEmpty
    ? undefined
    : `\`rcnn check --repair clean.json\` can put right: ${log.repairs.counts()}`;
}
