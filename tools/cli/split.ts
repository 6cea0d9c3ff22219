import { InvalidArgumentError, type Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { jsonParts } from '../../datasets/coco/json/json-parts';
import type { CocoFile } from '../../datasets/coco/coco-file';
import { staysInFolder } from '../../datasets/coco/file-name';
import { shownValue } from '../../datasets/coco/problems';
import { readCocoFile } from '../../datasets/coco/read-coco-file';
import { countCategories } from '../../datasets/sets/category-counts';
import { imageGroupOf } from '../../datasets/sets/image-group-of';
import { splitDataset } from '../../datasets/sets/split-dataset';
import { tableName, textTable } from '../../datasets/text-table';
import { makeWholeFolder } from '../../detection/files/whole-folder';
import { requireNewFolder } from '../terminal/output-files';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import { terminalText } from '../terminal/terminal-text';
import { requiredOption, wholeNumber } from './options';

interface SplitCommandOptions {
  readonly annotations: string;
  readonly output: string;
  readonly shares?: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly groupBy?: string;
}

const DEFAULT_SHARES = 'train=0.8,val=0.2';

/** `rcnn split`. */
export function splitCommand(command: Command): void {
  command
    .option('--annotations <file>', 'COCO instances file')
    .option('--output <dir>', 'folder to create: a COCO file for each part')
    .option(
      '--shares <shares>',
      `parts, and their shares of the images (default: ${DEFAULT_SHARES})`,
      partShares,
    )
    .option('--seed <n>', 'seed of the choices that the shares leave open', wholeNumber(0), 0)
    .option(
      '--group-by <what>',
      'keep images together that have the same value of a key (video_id), or whose names begin with the same match of a /pattern/',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn split --annotations all.json --output split
  $ rcnn split --annotations all.json --output split --shares train=0.7,val=0.15,test=0.15 --seed 1
  $ rcnn split --annotations all.json --output split --group-by video_id
  $ rcnn split --annotations all.json --output split --group-by '/^[^_]+/'    frames of a video: clip7_0001.jpg

Each part gets its share of every category (iterative stratification), images without objects included. The same seed gives the
same parts, in whatever order the file lists its entries. The pictures stay where they are: --images is the same for each part.`,
    )
    .action((options: Partial<SplitCommandOptions> & Pick<SplitCommandOptions, 'seed'>) =>
      runSplit({
        ...options,
        annotations: requiredOption(options.annotations, '--annotations FILE'),
        output: requiredOption(options.output, '--output DIR'),
      }),
    );
}

/** Writes the parts of a data set; prints how many images and boxes of each category each has. */
async function runSplit({
  annotations,
  output,
  shares = partShares(DEFAULT_SHARES),
  seed,
  groupBy,
}: SplitCommandOptions): Promise<void> {
  requireNewFolder('--output', output);
  const file = await readCocoFile(annotations);
  const groupOf = groupBy === undefined ? undefined : imageGroupOf(file, groupBy);
  const parts = splitDataset(file, { shares, seed, ...(groupOf && { groupOf: groupOf.of }) });
  for (const note of [...(groupOf?.notes ?? []), ...missingNotes(parts)]) logLine(`${annotations}: ${note}`);
  await makeWholeFolder(path.resolve(output), async (folder) => {
    for (const [name, part] of parts) {
      await writeFile(path.join(folder, `${name}.json`), jsonParts(part));
    }
  });
  const files = [...parts.keys()].map((name) => path.join(output, `${name}.json`));
  process.stdout.write(`${terminalText([...splitTable(parts), ...files].join('\n'))}\n`);
}

/** Which parts have no object of a category that others have. */
function missingNotes(parts: ReadonlyMap<string, CocoFile>): string[] {
  const counts = [...parts].map(([part, file]) => ({ part, images: countCategories(file).images }));
  const { categories } = [...parts.values()][0];
  return categories.flatMap(({ id, name }) => {
    const without = counts.filter(({ images }) => images.get(id) === 0);
    if (without.length === 0 || without.length === counts.length) return [];
    const total = counts.reduce((sum, { images }) => sum + images.get(id)!, 0);
    const names = without.map(({ part }) => part).join(', ');
    return [`no object of ${shownValue(name)} in ${names}: it is in ${pluralize(total, 'image')} only`];
  });
}

/** Images and boxes by category, and by part. */
function splitTable(parts: ReadonlyMap<string, CocoFile>): string[] {
  const counts = [...parts.values()].map(countCategories);
  const { categories } = [...parts.values()][0];
  return textTable([
    ['', ...[...parts.keys()].flatMap((name) => [`${name}: images`, 'boxes'])],
    ...categories.map(({ id, name }) => [
      tableName(name),
      ...counts.flatMap(({ images, annotations }) => [`${images.get(id)}`, `${annotations.get(id)}`]),
    ]),
    ['without objects', ...counts.flatMap(({ withoutObjects }) => [`${withoutObjects}`, ''])],
    [
      'all',
      ...[...parts.values()].flatMap(({ images, annotations }) => [
        `${images.length}`,
        `${annotations.length}`,
      ]),
    ],
  ]);
}

/** Parses `train=0.8,val=0.2`, for commander. */
function partShares(text: string): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, name, share] = /^\s*([^=]+?)\s*=\s*([\d.]+)\s*$/.exec(part) ?? [];
    if (name === undefined || !Number.isFinite(Number(share)))
      throw new InvalidArgumentError(`"${part}" is not a part and its share, as in ${DEFAULT_SHARES}.`);
    if (!staysInFolder(name) || /[/\\]/.test(name))
      throw new InvalidArgumentError(`"${name}" cannot be the name of a file.`);
    if (name in shares) throw new InvalidArgumentError(`"${name}" occurs twice.`);
    shares[name] = Number(share);
  }
  return shares;
}
