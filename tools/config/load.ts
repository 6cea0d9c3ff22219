import type { z } from 'zod';
import { InputError } from '../../detection/errors';
import { allowedValues } from './allowed-values';
import type { Assignment } from './assignments';
import { asObject, configurationKeys, fieldAt, type ConfigurationKey } from './keys';
import { trainingConfigurationSchema, type TrainingConfiguration } from './schema';
import { suggest } from './suggest';
import { readYamlFile, type YamlFile } from './yaml-file';

/** Where the values of a configuration come from; later ones win. */
export interface ConfigurationSources {
  /** Values to start from: those of the run that is resumed, say. */
  readonly base?: Readonly<Record<string, unknown>>;
  /** A YAML file. */
  readonly file?: string;
  /** `--set` and the options of the command line. */
  readonly assignments: readonly Assignment[];
  /** The option that sets a key, by key: named where a value is missing. */
  readonly options: Readonly<Record<string, string>>;
}

type Section = Record<string, unknown>;
const keys: ReadonlyMap<string, ConfigurationKey> = new Map(
  configurationKeys(trainingConfigurationSchema).map((key) => [key.path, key]),
);
const paths = [...keys.keys()];

/** Of a file with more faults so many are told: it is another file than the user thinks. */
const MAX_FAULTS = 20;
/** Characters of a wrong value that a message shows. */
const MAX_SHOWN = 60;

/**
 * Puts a training configuration together and checks it against the schema.
 *
 * @throws InputError that lists the faults with their places: line and column of the file, or the option.
 */
export function loadConfiguration(sources: ConfigurationSources): TrainingConfiguration {
  // The sections that have required keys exist, so that a missing key is named and not its section.
  const values: Section = { model: {}, data: {}, ...structuredClone(sources.base) };
  const file = sources.file === undefined ? undefined : readYamlFile(sources.file);
  if (file) merge(values, file, []);
  for (const assignment of sources.assignments) assign(values, assignment);
  const parsed = trainingConfigurationSchema.safeParse(values, { reportInput: true });
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.flatMap((issue) => describe(issue, sources, file));
  const faults = [...new Set(found.sort((a, b) => a.order - b.order).map(({ message }) => message))];
  const untold = faults.splice(MAX_FAULTS).length;
  if (untold > 0) faults.push(`and ${untold} more`);
  throw new InputError(faults.join('\n'));
}

/** Lays the file's values over what is there, section by section. */
function merge(values: Section, file: YamlFile, path: string[], from: unknown = file.values): void {
  if (!isSection(from))
    throw new InputError(`${file.place(path)}: expected keys with values, as in "seed: 1"`);
  for (const [name, value] of Object.entries(from)) {
    const here = [...path, name];
    // A section that is empty, and a key that has no default and no value yet, are as if left out.
    if (value === null && isOpen(here.join('.'))) continue;
    const present = Object.hasOwn(values, name) ? values[name] : undefined;
    if (isSection(present) && isSection(value)) merge(present, file, here, value);
    else define(values, name, value);
  }
}

function isOpen(path: string): boolean {
  const key = keys.get(path);
  return key ? key.defaultValue === undefined : isSectionPath(path);
}

function isSectionPath(path: string): boolean {
  return paths.some((known) => known.startsWith(`${path}.`));
}

function assign(values: Section, { key, value, source }: Assignment): void {
  if (!keys.has(key)) {
    const inside = paths.find((known) => known.startsWith(`${key}.`));
    if (inside)
      throw new InputError(`${source}: ${key} is a section; set its keys, as in --set ${inside}=...`);
    throw new InputError(`${source}: ${unknownKey([], key)}`);
  }
  const path = key.split('.');
  let section = values;
  for (const name of path.slice(0, -1)) {
    if (!isSection(section[name])) section[name] = {};
    section = section[name] as Section;
  }
  section[path.at(-1)!] = value;
}

interface Fault {
  /** Where in the file it is; what comes from elsewhere comes first. */
  readonly order: number;
  readonly message: string;
}

function describe(
  issue: z.core.$ZodIssue,
  { assignments, options }: ConfigurationSources,
  file: YamlFile | undefined,
): Fault[] {
  // A list is one key, whatever is wrong inside.
  const list = issue.path.findIndex((step) => typeof step === 'number');
  const key = keyOf(list < 0 ? issue.path : issue.path.slice(0, list));
  const assignment = assignments.findLast((candidate) => candidate.key === key);
  const fault = (path: readonly PropertyKey[], message: string): Fault => {
    if (assignment) return { order: -1, message: `${assignment.source}: ${message}` };
    return { order: file?.offset(path) ?? 0, message: file ? `${file.place(path)}: ${message}` : message };
  };
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => {
      const isFlat = issue.path.length === 0 && keys.has(name);
      return fault([...issue.path, name], isFlat ? flatKey(name) : unknownKey(issue.path, name));
    });
  }
  if (issue.input === undefined && list < 0 && keys.has(key)) {
    const remedy = options[key]
      ? `give ${options[key]}, or ${key} in the configuration file`
      : `give --set ${key}=...`;
    return [{ order: -1, message: `${key} is missing: ${remedy}` }];
  }
  return [fault(issue.path, `${keyOf(issue.path)}: ${reason(issue)}`)];
}

/** `optimizer.groups[0].match` */
function keyOf(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .slice(1);
}

/** `optimizer.lr: 1`, as for --set. */
function flatKey(key: string): string {
  const dot = key.lastIndexOf('.');
  return `write ${key.slice(dot + 1)} below ${key.slice(0, dot)}:, as a key of its own`;
}

/** Says that there is no such key, and which was probably meant: in a list one of its own keys, else any. */
function unknownKey(path: readonly PropertyKey[], name: string): string {
  const inside = keyOf(path);
  const key = inside === '' ? name : `${inside}.${name}`;
  const told = /^[\w.[\]]+$/.test(key) ? key : JSON.stringify(key);
  const field = fieldAt(trainingConfigurationSchema, path);
  const siblings = Object.keys((field && asObject(field)?.shape) ?? {});
  const meant = inside.endsWith(']') ? suggest(name, siblings) : suggestKey(key);
  return `there is no key ${told}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

/** A key may stand in another section than the user thinks: its last word is looked for in all of them. */
function suggestKey(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('.') + 1);
  const elsewhere = paths.find((known) => known === name || known.endsWith(`.${name}`));
  const sections = new Set(paths.flatMap((known) => (known.includes('.') ? [known.split('.')[0]] : [])));
  return elsewhere ?? suggest(key, [...paths, ...sections]);
}

function reason(issue: z.core.$ZodIssue): string {
  // What a section refines says for itself what it expects.
  if (issue.code === 'custom') return issue.message;
  const field = fieldAt(trainingConfigurationSchema, issue.path);
  if (issue.input === undefined) return 'is missing';
  if (!field || asObject(field)) return `expected keys with values, not ${shown(issue.input)}`;
  const expected = `expected ${allowedValues(field)}, not ${shown(issue.input)}`;
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const meant = suggest(issue.input, issue.values.map(String));
    return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
  }
  if (issue.code !== 'invalid_type') return expected;
  if (issue.expected === 'string' && isPlain(issue.input)) return `${expected}; put it in quotes`;
  return issue.input === null ? `${expected}; leave the key out for its default` : expected;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

/** A value as the user may have written it. */
function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (isSection(value)) return 'keys with values';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As an own property even where the name is `__proto__`, so that the schema gets to see and refuse it. */
function define(section: Section, name: string, value: unknown): void {
  Object.defineProperty(section, name, { value, writable: true, enumerable: true, configurable: true });
}
