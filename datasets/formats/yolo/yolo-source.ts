import { readdirSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { PART_NAMES } from '../dataset-part';
import { filesBelow } from '../../files-below';
import { isPictureName } from '../../images/picture-names';
import { readLines } from '../folders';
import { readYoloConfiguration, type YoloConfiguration } from './yolo-configuration';

/** Pictures of a part of a set. */
export interface YoloPart {
  readonly name: string;
  /** Folder that all of them are in or below. */
  readonly folder: string;
  /** Their paths, sorted. */
  readonly pictures: readonly string[];
}

/** A set in YOLO's format: what its classes are called, and where its pictures are. */
export interface YoloSource extends Pick<YoloConfiguration, 'names' | 'keypoints'> {
  /** The file that names the classes. */
  readonly file: string;
  readonly parts: readonly YoloPart[];
  readonly notes: readonly string[];
}

/**
 * Finds the parts of a set.
 *
 * @param input a `data.yaml`, a darknet `obj.data`, or a folder: one with such a file, or with a list of names
 *   (`classes.txt`, `obj.names`) beside pictures and labels.
 * @throws InputError where nothing says what the classes are called, or where the pictures are.
 */
export function findYoloSource(input: string): YoloSource {
  const configuration = readYoloConfiguration(input);
  const { file, entries, names, keypoints } = configuration;
  const notes = [...configuration.notes];
  if (entries === undefined) {
    return { file, names, keypoints, notes, parts: partsOfFolder(path.resolve(input)) };
  }
  const parts: YoloPart[] = [];
  for (const { name, key, paths } of entries) {
    const found = paths.map((entry) => findEntry(configuration.folders, entry));
    const missing = paths.filter((_, index) => found[index] === undefined);
    if (missing.length > 0 && name === 'test') {
      notes.push(`${file}: ${key}: there is no ${missing.join(', ')}; the set has no such part`);
      continue;
    }
    if (missing.length > 0) {
      throw new InputError(
        'yolo-part-missing',
        `${file}: ${key}: there is no ${missing[0]} in ${configuration.folders.join(' or ')}`,
        { file, key, path: missing[0] },
      );
    }
    const pictures = found.flatMap((entry) => picturesOf(entry!));
    if (pictures.length === 0) {
      throw new InputError(
        'yolo-no-pictures',
        `${file}: ${key}: there is no picture in ${paths.join(', ')}`,
        {
          file,
          key,
        },
      );
    }
    const single = found.length === 1 && statOrUndefined(found[0]!)?.isDirectory();
    parts.push(partOf(name, pictures, single ? found[0] : undefined));
  }
  if (parts.length === 0) throw nothingToRead(file);
  return { file, names, keypoints, notes, parts };
}

function nothingToRead(file: string): InputError {
  return new InputError(
    'yolo-no-pictures',
    `${file}: names no pictures: it has neither train nor val nor test`,
    {
      file,
    },
  );
}

function partOf(name: string, pictures: readonly string[], folder?: string): YoloPart {
  const sorted = [...new Set(pictures)].sort();
  return { name, pictures: sorted, folder: folder ?? commonFolder(sorted) };
}

/** A folder's subfolders may be parts: `images/train`, or `train/images`. Without them all pictures are one part. */
function partsOfFolder(folder: string): YoloPart[] {
  const images = path.join(folder, 'images');
  const base = statOrUndefined(images)?.isDirectory() ? images : folder;
  const parts = new Map<string, string>();
  for (const entry of readdirSync(base)) {
    const name = PART_NAMES.get(entry.toLowerCase());
    if (name && statOrUndefined(path.join(base, entry))?.isDirectory())
      parts.set(name, path.join(base, entry));
  }
  const found = parts.size > 0 ? parts : new Map([['all', base]]);
  const withPictures = [...found].flatMap(([name, at]) => {
    const inner = path.join(at, 'images');
    const place = statOrUndefined(inner)?.isDirectory() ? inner : at;
    const pictures = filesBelow(place).filter(isPictureName);
    return pictures.length === 0 ? [] : [partOf(name, pictures, place)];
  });
  if (withPictures.length === 0)
    throw new InputError('yolo-no-pictures', `${folder}: there is no picture in it`, { folder });
  return withPictures;
}

/** A folder, a list of pictures, or a picture; undefined where there is none. */
function findEntry(folders: readonly string[], entry: string): string | undefined {
  // Roboflow's files say ../train/images of what is in ./train/images; CVAT's say data/ of what is beside.
  const names = [entry, entry.replace(/^\.\.\//, ''), entry.replace(/^data\//, '')];
  return names
    .flatMap((name) => folders.map((folder) => path.resolve(folder, name)))
    .find((place) => statOrUndefined(place) !== undefined);
}

function picturesOf(entry: string): string[] {
  if (statOrUndefined(entry)?.isDirectory()) return filesBelow(entry).filter(isPictureName);
  if (isPictureName(entry)) return [entry];
  const folder = path.dirname(entry);
  return readLines(entry)
    .filter((line) => line !== '')
    .map((line) => {
      // Darknet's lists are relative to where it is started, mostly the folder above.
      const found = findEntry([folder, path.dirname(folder)], line);
      if (found !== undefined) return found;
      throw new InputError('yolo-part-missing', `${entry}: there is no picture ${line}`, {
        file: entry,
        path: line,
      });
    });
}

function commonFolder(files: readonly string[]): string {
  let common = path.dirname(files[0]).split(path.sep);
  for (const file of files) {
    const folders = path.dirname(file).split(path.sep);
    const differing = common.findIndex((name, index) => folders[index] !== name);
    if (differing !== -1) common = common.slice(0, differing);
  }
  return common.join(path.sep) || path.sep;
}
