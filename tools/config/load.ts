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
  /** What is wrong with `--set` itself, to be told with the rest. */
  readonly faults?: readonly string[];
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
  const given = [...(sources.faults ?? [])];
  const { file, refusal } = mergedFile(values, sources.file);
  for (const assignment of sources.assignments) {
    const fault = assign(values, assignment);
    if (fault !== undefined) given.push(`${assignment.source}: ${fault}`);
  }
  const parsed = trainingConfigurationSchema.safeParse(values, { reportInput: true });
  if (parsed.success && given.length === 0 && refusal === undefined) return parsed.data;
  // What is missing, or does not go with the rest, may be otherwise in a file that cannot be read.
  const isCertain = (issue: z.core.$ZodIssue): boolean =>
    issue.code !== 'custom' && sources.assignments.some(({ key }) => key === faultyKey(issue));
  const issues = (parsed.error?.issues ?? []).filter((issue) => refusal === undefined || isCertain(issue));
  const found = issues.flatMap((issue) => describe(issue, sources, file)).sort((a, b) => a.order - b.order);
  const messages = [
    ...given,
    ...found.map(({ message }) => message),
    ...(refusal === undefined ? [] : [refusal]),
  ];
  const faults = [...new Set(messages)];
  const untold = faults.splice(MAX_FAULTS).length;
  if (untold > 0) faults.push(`and ${untold} more`);
  throw new InputError('configuration', faults.join('\n'), { faults });
}

/** Lays a file's values over what is there; says why where it cannot be read. */
function mergedFile(values: Section, name: string | undefined): { file?: YamlFile; refusal?: string } {
  if (name === undefined) return {};
  try {
    const file = readYamlFile(name);
    merge(values, file, []);
    return { file };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refusal: error.message };
  }
}

/** Lays them section by section. */
function merge(values: Section, file: YamlFile, path: string[], from: unknown = file.values): void {
  if (!isSection(from))
    throw new InputError(
      'configuration-file',
      `${file.place(path)}: expected keys with values, as in "seed: 1"`,
    );
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

/** Returns what is wrong with the key, if anything is. */
function assign(values: Section, { key, value }: Assignment): string | undefined {
  if (!keys.has(key)) {
    const inside = paths.find((known) => known.startsWith(`${key}.`));
    if (inside === undefined) return unknownKey([], key);
    return `${key} is a section; set its keys, as in --set ${inside}=...`;
  }
  const path = key.split('.');
  let section = values;
  for (const name of path.slice(0, -1)) {
    if (!isSection(section[name])) section[name] = {};
    section = section[name] as Section;
  }
  section[path.at(-1)!] = value;
  return undefined;
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
  const key = faultyKey(issue);
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
  if (issue.input === undefined && key === keyOf(issue.path) && keys.has(key)) {
    const remedy = options[key]
      ? `give ${options[key]}, or ${key} in the configuration file`
      : `give --set ${key}=...`;
    return [{ order: -1, message: `${key} is missing: ${remedy}` }];
  }
  return [fault(issue.path, `${keyOf(issue.path)}: ${reason(issue)}`)];
}

/** A list is one key, whatever is wrong inside. */
function faultyKey({ path }: z.core.$ZodIssue): string {
  const list = path.findIndex((step) => typeof step === 'number');
  return keyOf(list < 0 ? path : path.slice(0, list));
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
