import path from 'node:path';
import { readdirSync } from 'node:fs';
import { InputError } from '../../../detection/errors';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { PART_NAMES } from '../dataset-part';
import { filesBelow } from '../../files-below';
import { isPictureName } from '../../images/picture-names';
import { readLines, withoutExtension } from '../folders';

/** A part of a set: its XML files, by their names without extension, relative to `xmlFolder`. */
export interface VocPart {
  readonly name: string;
  readonly xmlFolder: string;
  readonly imageFolder: string;
  readonly stems: readonly string[];
}

/** Where the files of a set in Pascal VOC's format are. */
export interface VocLayout {
  readonly parts: readonly VocPart[];
  /** Names of the categories in their order, where a file lists them. */
  readonly classes: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Finds the files of a set: `Annotations`, `JPEGImages` and `ImageSets/Main/*.txt` as VOC has them; or XML files beside
 * pictures, as LabelImg leaves them, perhaps in folders `train`, `valid` and `test`.
 *
 * @throws InputError where there is no XML file.
 */
export function findVocLayout(folder: string): VocLayout {
  if (statOrUndefined(folder)?.isDirectory() !== true)
    throw new InputError('voc-missing', `${folder}: there is no such folder`, { folder });
  const classes = listedClasses(folder);
  const annotations = path.join(folder, 'Annotations');
  const hasAnnotations = statOrUndefined(annotations)?.isDirectory() === true;
  const { parts, notes } = hasAnnotations
    ? partsOfLists(folder, wholePart(annotations, imageFolderOf(folder, annotations)))
    : { parts: partsOfFolders(folder), notes: [] };
  if (parts.some(({ stems }) => stems.length > 0)) return { parts, classes, notes };
  throw new InputError(
    'voc-missing',
    `${folder}: there is no XML file${hasAnnotations ? ' in Annotations' : ', and no folder Annotations'}`,
    { folder },
  );
}

function imageFolderOf(folder: string, otherwise: string): string {
  const names = ['JPEGImages', 'images', 'Images'].map((name) => path.join(folder, name));
  return names.find((name) => statOrUndefined(name)?.isDirectory()) ?? otherwise;
}

function wholePart(xmlFolder: string, imageFolder: string, name = 'all'): VocPart {
  const stems = filesBelow(xmlFolder)
    .filter((file) => /\.xml$/i.test(file))
    .map((file) => withoutExtension(path.relative(xmlFolder, file)));
  return { name, xmlFolder, imageFolder, stems };
}

/** Folders of the parts, as Roboflow has them; without any all is one part. */
function partsOfFolders(folder: string): VocPart[] {
  const parts = readdirSync(folder).flatMap((entry) => {
    const [name, place] = [PART_NAMES.get(entry.toLowerCase()), path.join(folder, entry)];
    if (name === undefined || statOrUndefined(place)?.isDirectory() !== true) return [];
    const part = wholePart(place, place, name);
    return part.stems.length > 0 ? [part] : [];
  });
  return parts.length > 0 ? parts : [wholePart(folder, imageFolderOf(folder, folder))];
}

/** A file's parts as `ImageSets/Main` lists them. */
function partsOfLists(folder: string, whole: VocPart): { parts: VocPart[]; notes: string[] } {
  const main = path.join(folder, 'ImageSets', 'Main');
  const lists = new Map<string, string[]>();
  for (const file of statOrUndefined(main)?.isDirectory() ? filesBelow(main) : []) {
    const lines = readLines(file).filter((line) => line !== '');
    // Those of a category, such as car_train.txt, say -1, 0 or 1 of each picture.
    const isOfCategory = lines.some((line) => /\s(-1|0|1)$/.test(line));
    if (/\.txt$/i.test(file) && lines.length > 0 && !isOfCategory)
      lists.set(withoutExtension(path.relative(main, file)), lines);
  }
  if (lists.size === 0) return { parts: [whole], notes: [] };
  const notes: string[] = [];
  if (lists.has('train') && lists.has('val') && lists.delete('trainval'))
    notes.push('the list trainval is left out: train and val are read');
  const known = new Set(whole.stems);
  const used = new Set<string>();
  const parts = [...lists].map(([name, lines]) => {
    const stems = lines.map((line) =>
      known.has(line) ? line : isPictureName(line) ? withoutExtension(line) : line,
    );
    const found = [...new Set(stems)].filter((stem) => known.has(stem)).sort();
    const numMissing = new Set(stems).size - found.length;
    if (numMissing > 0)
      notes.push(`${name}: ${numMissing} of the listed pictures have no XML file and are left out`);
    for (const stem of found) used.add(stem);
    return {
      ...whole,
      name: PART_NAMES.get(name.toLowerCase()) ?? name.replace(/[/\\]/g, '_'),
      stems: found,
    };
  });
  const numUnlisted = whole.stems.length - used.size;
  if (numUnlisted > 0)
    notes.push(`${numUnlisted} XML files are in no list of ImageSets/Main and are left out`);
  return { parts: parts.filter(({ stems }) => stems.length > 0), notes };
}

/** CVAT's file has more than the name in a line, and a category for what is no object. */
function listedClasses(folder: string): string[] {
  const file = ['classes.txt', 'labels.txt', 'labelmap.txt']
    .map((name) => path.join(folder, name))
    .find((place) => statOrUndefined(place)?.isFile());
  if (file === undefined) return [];
  const lines = readLines(file).filter((line) => line !== '');
  if (!file.endsWith('labelmap.txt')) return lines;
  return lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.split(':')[0])
    .filter((name) => name !== 'background');
}
