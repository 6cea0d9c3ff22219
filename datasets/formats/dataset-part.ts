import type { CocoFile } from '../coco/coco-file';

/** A part of a data set (train, val, ...), whatever format it came in. */
export interface DatasetPart {
  /** Name of the part: `train`, `val`, `test`, or another; `all` where the set has no parts. */
  readonly name: string;
  /** What it holds, with all of its keys. */
  readonly file: CocoFile;
  /** Folder that the file names of its images are relative to. */
  readonly imageFolder: string;
}

/** A data set that has been read. */
export interface ReadDataset {
  /** At least one. All have the same categories. */
  readonly parts: readonly DatasetPart[];
  /** What users should know: one line each. */
  readonly notes: readonly string[];
}

/** How a data set is read. */
export interface ReadOptions {
  /** Is told how many pictures have been looked at, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between two pictures. */
  readonly signal?: AbortSignal;
}

/** Names of parts as they occur, and the ones that this project uses. */
export const PART_NAMES: ReadonlyMap<string, string> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
  ['testing', 'test'],
]);
