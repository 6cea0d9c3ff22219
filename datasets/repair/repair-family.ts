import type { RepairSet } from './items';
import type { PictureFolder } from './picture-folder';
import type { RepairLog } from './repair-log';

/** What a repair may ask, and where it says what it has done. */
export interface RepairContext {
  readonly pictures: PictureFolder;
  readonly log: RepairLog;
}

/** Puts one family of habits right: the same lists, changed. What could mean several things stays as it is. */
export type RepairFamily = (set: RepairSet, context: RepairContext) => RepairSet | Promise<RepairSet>;
