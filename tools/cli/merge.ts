import type { Command } from 'commander';
import { jsonParts } from '../../datasets/coco/json/json-parts';
import { readCocoFile } from '../../datasets/coco/read-coco-file';
import { mergeDatasets, type MergeSource } from '../../datasets/sets/merge-datasets';
import { InputError } from '../../detection/errors';
import { writeWholeFile } from '../../detection/files/whole-file';
import { requireFileName } from '../terminal/output-files';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import { terminalLine } from '../terminal/terminal-text';
import { collect, requiredOption } from './options';

interface MergeCommandOptions {
  readonly output: string;
  readonly prefix?: readonly string[];
  readonly joinPictures?: boolean;
}

/** `rcnn merge`. */
export function mergeCommand(command: Command): void {
  command
    .argument('<file...>', 'COCO instances files; the first one’s categories and ids come first')
    .option('--output <file>', 'COCO file to write')
    .option(
      '--prefix <folder>',
      'put before the file names of an input, once for each in their order: where its pictures are below the common folder',
      collect,
    )
    .option('--join-pictures', 'a picture that several files have gets the objects of all of them')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn merge train.json val.json --output all.json                                both about one folder of pictures
  $ rcnn merge a/all.json b/all.json --output all.json --prefix a/images/ --prefix b/images/
  $ rcnn merge cats.json dogs.json --output both.json --join-pictures               of the same pictures

Categories are the same where their names are. Ids stay where they are free; what gets another one is told.`,
    )
    .action((files: string[], options: Partial<MergeCommandOptions>) =>
      runMerge(files, { ...options, output: requiredOption(options.output, '--output FILE') }),
    );
}

/** Writes one file of several; prints its name and what it holds. */
async function runMerge(
  files: readonly string[],
  { output, prefix, joinPictures = false }: MergeCommandOptions,
): Promise<void> {
  if (prefix && prefix.length !== files.length) {
    throw new InputError(
      'merge-prefixes',
      `--prefix is given ${prefix.length} times for ${pluralize(files.length, 'file')}; give one for each, '' for none`,
    );
  }
  requireFileName('--output', output, files);
  const sources: MergeSource[] = [];
  for (const [index, name] of files.entries()) {
    sources.push({ name, file: await readCocoFile(name), prefix: folderPrefix(prefix?.[index] ?? '') });
  }
  const { file, notes } = mergeDatasets(sources, { samePictures: joinPictures ? 'join' : 'refuse' });
  for (const note of notes) logLine(note);
  writeWholeFile(output, jsonParts(file), { makeFolder: true });
  const counts = [
    pluralize(file.images.length, 'image'),
    pluralize(file.annotations.length, 'box', 'boxes'),
    pluralize(file.categories.length, 'category', 'categories'),
  ];
  process.stdout.write(`${terminalLine(output)}: ${counts.join(', ')}\n`);
}

function folderPrefix(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}
