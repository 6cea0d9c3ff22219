import { closeSync, openSync, readSync } from 'node:fs';
import { AnnotationError, type CocoDataset } from '../../datasets/coco/annotations';
import { isObject } from '../../datasets/coco/entries';
import { readJsonFile } from '../../datasets/coco/json/json-file';
import { jsonParts } from '../../datasets/coco/json/json-parts';
import { repairCoco } from '../../datasets/repair/repair-coco';
import { RepairLog } from '../../datasets/repair/repair-log';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { writeWholeFile } from '../../detection/files/whole-file';
import { pluralize } from '../terminal/pluralize';
import { requireFileName } from '../terminal/output-files';
import { shapeRemedy } from './shape-remedy';
import { checkedSet, requireObjects } from './training-data';

export interface SetRepair {
  readonly annotations: string;
  readonly images: string;
  /** File to write. */
  readonly output: string;
  /** Leave out what is invalid after the repair, as training would, rather than write nothing. */
  readonly skipInvalid: boolean;
  /** What has to be right beside boxes. */
  readonly needs: ModelDefinition['needs'];
}

/** More would not be listed. */
const KEPT_PER_KIND = 20;
const CHUNK_BYTES = 2 ** 20;

export interface RepairedSet {
  /** A set that training takes. */
  readonly set: CocoDataset;
  /** Writes it: the bytes are those of the input where there is nothing to repair. */
  readonly write: () => void;
}

/**
 * A data set's annotations with everything put right that has one meaning.
 *
 * @param print gets what has been put right, and what has not.
 * @throws InputError with everything that is still wrong.
 */
export async function repairSet(
  { annotations, images, output, skipInvalid, needs }: SetRepair,
  print: (lines: readonly string[]) => void,
): Promise<RepairedSet> {
  requireFileName('--repair', output, [annotations]);
  const log = new RepairLog(KEPT_PER_KIND);
  const root = await readJsonFile(annotations);
  const content = await repairCoco(root, images, log);
  print(repairLines(log));
  const set = await checkedSet(annotations, images, { skipInvalid, needs, decodeAll: true, content }).catch(
    (error: unknown) => {
      throw error instanceof AnnotationError ? remaining(error) : error;
    },
  );
  requireObjects(set);
  const written = withoutLeftOut(content, set);
  const isSame = written === root && statOrUndefined(annotations)?.isFile() === true;
  const numRounded = isSame ? 0 : countRounded(written);
  if (numRounded > 0) {
    const numbers = pluralize(numRounded, 'whole number is', 'whole numbers are');
    print([`note: ${numbers} beyond 2^53 - 1: JavaScript rounds them, and so they are written`]);
  }
  const write = (): void => {
    writeWholeFile(output, isSame ? bytesOf(annotations) : jsonParts(written), { makeFolder: true });
  };
  return { set, write };
}

function repairLines({ repairs, undecided }: RepairLog): string[] {
  return [
    repairs.isEmpty ? 'put right: nothing' : `put right: ${repairs.counts()}`,
    ...repairs.lines().map((line) => `  ${line}`),
    ...(undecided.isEmpty ? [] : ['could mean several things, and stays:']),
    ...undecided.lines().map((line) => `  ${line}`),
  ];
}

function remaining({ file, problems, message }: AnnotationError): AnnotationError {
  const remedy =
    'This is left after the repair (places count in the lists as it leaves them); nothing has been written. ' +
    '--skip-invalid leaves it out of the new file.';
  return new AnnotationError(file, problems, [message, remedy, ...shapeRemedy(problems)].join('\n'));
}

/** What `checkedSet` accepts is an object with lists of objects. */
function withoutLeftOut(content: unknown, set: CocoDataset): object {
  if (!isObject(content)) throw new RangeError('not a data set');
  if (set.leftOut.problems.length === 0) return content;
  const images = new Set<unknown>(set.images.map(({ id }) => id));
  const annotations = new Set<unknown>(set.annotations.map(({ id }) => id));
  return {
    ...content,
    images: firstOf(content.images, images),
    annotations: firstOf(content.annotations, annotations),
  };
}

/** The first entry of each id. */
function firstOf(list: unknown, ids: Set<unknown>): unknown[] {
  return (list as readonly unknown[]).filter((entry) => isObject(entry) && ids.delete(entry.id));
}

/** How many of the numbers in a value may not be those of its text. */
function countRounded(value: unknown): number {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value) ? 1 : 0;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + countRounded(part), 0);
}

function* bytesOf(file: string): Generator<Uint8Array> {
  const descriptor = openSync(file, 'r');
  try {
    for (;;) {
      const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(descriptor, bytes);
      if (count === 0) return;
      yield bytes.subarray(0, count);
    }
  } finally {
    closeSync(descriptor);
  }
}
