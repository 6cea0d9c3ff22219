import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { InputError } from '../../../detection/errors';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { PART_NAMES } from '../dataset-part';
import { readLines, readTextFile } from '../folders';
import { EXPECTED_OF_KEYPOINTS, KEYPOINT_KEYS, parseKeypoints } from './yolo-keypoints';
import type { LabelRules } from './yolo-labels';

/** What the file that describes a set says. */
export interface YoloConfiguration extends LabelRules {
  /** That file. */
  readonly file: string;
  /** Folders that its paths are relative to, the likeliest first. */
  readonly folders: readonly string[];
  /** Parts: folders, lists or pictures. Absent where the file only names the classes. */
  readonly entries?: readonly {
    readonly name: string;
    /** As the file calls it. */
    readonly key: string;
    readonly paths: readonly string[];
  }[];
  readonly notes: readonly string[];
}

const NAMES_FILES = ['classes.txt', 'obj.names', 'labels.txt', '_darknet.labels'];

/**
 * Reads the file that describes a set: ultralytics' `data.yaml`, darknet's `obj.data`, or a list of names alone.
 *
 * @throws InputError where there is none, or it is wrong.
 */
export function readYoloConfiguration(input: string): YoloConfiguration {
  const found = statOrUndefined(input);
  if (found === undefined)
    throw new InputError('yolo-missing', `${input}: there is no such file or folder`, { input });
  const file = found.isDirectory() ? describingFile(input) : input;
  if (/\.ya?ml$/i.test(file)) return readDataYaml(file);
  if (/\.data$/i.test(file)) return readDarknetData(file);
  if (!found.isDirectory()) {
    throw new InputError('yolo-missing', `${input}: a data.yaml, an obj.data or a folder is expected`, {
      input,
    });
  }
  return { file, folders: [input], names: namesOf(readLines(file)), notes: [] };
}

function describingFile(folder: string): string {
  const names = readdirSync(folder).sort();
  const ofKind = (pattern: RegExp): string[] => names.filter((name) => pattern.test(name));
  const described =
    names.find((name) => /^(data|dataset)\.ya?ml$/i.test(name)) ??
    only(ofKind(/\.ya?ml$/i)) ??
    only(ofKind(/\.data$/i));
  if (described !== undefined) return path.join(folder, described);
  // LabelImg puts the names beside the labels, Roboflow beside those of each part.
  const places = ['', 'labels', 'train', path.join('labels', 'train')];
  const list = [
    ...places.flatMap((place) => NAMES_FILES.map((name) => path.join(folder, place, name))),
    ...ofKind(/\.names$/i).map((name) => path.join(folder, name)),
  ].find((file) => statOrUndefined(file)?.isFile());
  if (list !== undefined) return list;
  throw new InputError(
    'yolo-names-missing',
    `${folder}: nothing says what the classes are called: there is no data.yaml, no obj.data and none of ` +
      NAMES_FILES.join(', '),
    { folder },
  );
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}

const paths = z.union([z.string(), z.array(z.string())]).nullish();
const dataYaml = z.looseObject({
  path: z.string().nullish(),
  names: z.union([
    z.array(z.union([z.string(), z.number(), z.boolean()])),
    z.record(z.string().regex(/^\d+$/), z.union([z.string(), z.number(), z.boolean()])),
  ]),
  nc: z.number().nullish(),
  ...KEYPOINT_KEYS,
});

function readDataYaml(file: string): YoloConfiguration {
  const refuse = (reason: string): never => {
    throw new InputError('yolo-data-file', `${file}: ${reason}`, { file });
  };
  const read = (): unknown => {
    try {
      return parse(readTextFile(file));
    } catch (error) {
      if (error instanceof InputError) throw error;
      return refuse(`is no YAML: ${(error as Error).message.split('\n')[0]}`);
    }
  };
  const root = read();
  const { data, error } = dataYaml.safeParse(root);
  if (!data) {
    const [{ path: place }] = error.issues;
    return refuse(
      place[0] === undefined
        ? 'is no data.yaml: keys such as train, val and names are expected'
        : `${String(place[0])}: ${expected[String(place[0])] ?? 'this has another form than expected'}`,
    );
  }
  const names = new Map(Object.entries(data.names).map(([key, name]) => [Number(key), String(name)]));
  if (names.size === 0) return refuse('names: there is no class');
  if (typeof data.nc === 'number' && data.nc !== names.size)
    return refuse(`nc is ${data.nc}, but there are ${names.size} names`);
  const keypoints = parseKeypoints(data);
  if (typeof keypoints === 'string') return refuse(`${keypoints}: ${EXPECTED_OF_KEYPOINTS[keypoints]}`);
  const entries = Object.entries(data).flatMap(([key, value]) => {
    const name = PART_NAMES.get(key);
    const parsed = paths.safeParse(value);
    if (name === undefined) return [];
    if (!parsed.success)
      return refuse(`${key}: a folder, a list in a text file or several of them are expected`);
    const listed = [parsed.data ?? []].flat().filter((entry) => entry !== '');
    return listed.length === 0 ? [] : [{ name, key, paths: listed }];
  });
  const folder = path.dirname(path.resolve(file));
  const stated = data.path ? path.resolve(folder, data.path) : folder;
  return {
    file,
    folders: stated === folder ? [folder] : [stated, folder],
    names,
    entries,
    ...(keypoints && { keypoints }),
    notes: [],
  };
}

const expected: Readonly<Record<string, string>> = {
  path: 'the name of a folder is expected',
  names: 'a list of names, or names by number, is expected',
  nc: 'the number of classes is expected',
  ...EXPECTED_OF_KEYPOINTS,
};

/** Darknet's lines are `key = value`. */
function readDarknetData(file: string): YoloConfiguration {
  const values = new Map(
    readLines(file).flatMap((line) => {
      const [, key, value] = /^([^=#]+?)\s*=\s*(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[key, value] as const];
    }),
  );
  const folder = path.dirname(path.resolve(file));
  const folders = [folder, path.dirname(folder)];
  const list = values.get('names');
  const namesFile = [list?.replace(/^data\//, ''), list]
    .flatMap((name) => (name === undefined ? [] : folders.map((at) => path.resolve(at, name))))
    .find((at) => statOrUndefined(at)?.isFile());
  if (namesFile === undefined) {
    throw new InputError(
      'yolo-names-missing',
      `${file}: names: ${list === undefined ? 'is missing' : `there is no ${list}`}; the file with the names of the classes is expected`,
      { file },
    );
  }
  const entries = [...values].flatMap(([key, value]) => {
    const name = PART_NAMES.get(key);
    return name === undefined || value === '' ? [] : [{ name, key, paths: [value] }];
  });
  return { file, folders, names: namesOf(readLines(namesFile)), entries, notes: [] };
}

/** Blank lines at the end are none; others are names, since numbers count them. */
function namesOf(lines: readonly string[]): Map<number, string> {
  const last = lines.findLastIndex((line) => line !== '');
  return new Map(lines.slice(0, last + 1).entries());
}
