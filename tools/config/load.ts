import type { z } from 'zod';
import { InputError } from '../../detection/errors';
import { modelDefinitions } from '../../detection/modeling/definitions';
import type { ModelDefinition } from '../../detection/modeling/detector';
import type { Assignment } from './assignments';
import { faultyKey, isSection, describeIssue } from '../../weights/settings/issues';
import { pathText } from '../../weights/settings/keys';
import { KnownKeys } from './known-keys';
import type { TrainingConfiguration } from './schema';
import { readYamlFile, type YamlFile } from './yaml-file';

/** Where the values of a configuration come from; later ones win. */
export interface ConfigurationSources {
  /** Values to start from: those of the run that is resumed, say. */
  readonly base?: Section;
  /** A YAML file. */
  readonly file?: string;
  /** `--set` and the options of the command line. */
  readonly assignments: readonly Assignment[];
  /** What is wrong with `--set` itself, to be told with the rest. */
  readonly faults?: readonly string[];
  /** The option that sets a key, by key: named where a value is missing. */
  readonly options: Readonly<Record<string, string>>;
}

type Section = Readonly<Record<string, unknown>>;
type Values = Record<string, unknown>;

/** Of a file with more faults so many are told: it is another file than the user thinks. */
const MAX_FAULTS = 20;

/** A run's configuration has the name of its model alone. */
const OWN_MODEL_HINT = '; a model of your own is known once --model FILE.js names its file';

/** Two keys that say one thing: who gives one means it instead of the other that was there before. */
const ALTERNATIVES = [
  ['iterations', 'epochs'],
  ['epochs', 'iterations'],
] as const;

/**
 * Puts a training configuration together and checks it against the schema of its model.
 *
 * @throws InputError that lists the faults with their places: line and column of the file, or the option.
 */
export function loadConfiguration(sources: ConfigurationSources): TrainingConfiguration {
  const { file, refusal } = contentsOf(sources.file);
  const model = modelOf(sources, file, refusal);
  const keys = new KnownKeys(model);
  // The sections that have required keys exist, so that a missing key is named and not its section.
  const values: Values = { model: {}, data: {}, ...baseFor(model, sources.base) };
  const given = [...(sources.faults ?? [])];
  if (file) {
    dropAlternatives(values, (key) => file.values[key]);
    merge(values, file.values, keys, '');
  }
  dropAlternatives(values, (key) => assigned(sources, key)?.value);
  for (const assignment of sources.assignments) {
    const fault = assign(values, assignment, keys);
    if (fault !== undefined) given.push(`${assignment.source}: ${fault}`);
  }
  const parsed = keys.schema.safeParse(values, { reportInput: true });
  if (parsed.success && given.length === 0 && refusal === undefined) return parsed.data;
  // What is missing, or does not go with the rest, may be otherwise in a file that cannot be read.
  const isCertain = (issue: z.core.$ZodIssue): boolean =>
    issue.code !== 'custom' && assigned(sources, faultyKey(issue)) !== undefined;
  const issues = (parsed.error?.issues ?? []).filter((issue) => refusal === undefined || isCertain(issue));
  const found = issues
    .flatMap((issue) => describe(issue, sources, file, keys))
    .sort((a, b) => a.order - b.order);
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

type Contents = YamlFile & { readonly values: Section };

/** What a file holds; why it cannot be used, where it cannot. */
function contentsOf(name: string | undefined): { file?: Contents; refusal?: string } {
  if (name === undefined) return {};
  try {
    const file = readYamlFile(name);
    if (hasKeys(file)) return { file };
    return { refusal: `${file.place([])}: expected keys with values, as in "seed: 1"` };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refusal: error.message };
  }
}

function hasKeys(file: YamlFile): file is Contents {
  return isSection(file.values);
}

/** The model that is configured; undefined where there is no such, or a file that cannot be read may name another. */
function modelOf(
  { base, ...sources }: ConfigurationSources,
  file: Contents | undefined,
  refusal: string | undefined,
): ModelDefinition | undefined {
  const given = assigned(sources, 'model.name')?.value ?? nameIn(file?.values);
  const name = given ?? (refusal === undefined ? nameIn(base) : undefined);
  return modelDefinitions.find((definition) => definition.name === name);
}

function nameIn(values: Section | undefined): unknown {
  const section = values?.['model'];
  return isSection(section) ? section['name'] : undefined;
}

/** Values to start from, without the settings of a model where it is another that is configured. */
function baseFor(model: ModelDefinition | undefined, base: Section | undefined): Section {
  const copy = structuredClone(base ?? {});
  const section = copy['model'];
  const before = modelDefinitions.find(({ name }) => name === nameIn(copy));
  if (!before || before === model || !isSection(section)) return copy;
  const isOwn = (name: string): boolean => Object.hasOwn(before.settings.schema, name);
  return {
    ...copy,
    model: Object.fromEntries(Object.entries(section).filter(([name]) => !isOwn(name))),
  };
}

function dropAlternatives(values: Values, given: (key: string) => unknown): void {
  for (const [key, other] of ALTERNATIVES) if ((given(key) ?? null) !== null) delete values[other];
}

/** The last assignment of a key, which counts. */
function assigned(
  { assignments }: Pick<ConfigurationSources, 'assignments'>,
  key: string,
): Assignment | undefined {
  return assignments.findLast((assignment) => assignment.key === key);
}

/** Lays values over what is there, section by section. @param path of the section, each name with a dot behind it */
function merge(values: Values, from: Section, keys: KnownKeys, path: string): void {
  for (const [name, value] of Object.entries(from)) {
    const here = path + name;
    // A section that is empty, and a key that has no default and no value yet, are as if left out.
    if (value === null && keys.isOpen(here)) continue;
    if (!isSection(value) || keys.firstOf(here) === undefined) {
      define(values, name, value);
      continue;
    }
    // One of its own: an alias of the file may stand for another section too.
    const present = values[name];
    const section: Values = isSection(present) ? present : {};
    define(values, name, section);
    merge(section, value, keys, `${here}.`);
  }
}

/** Returns what is wrong with the key, if anything is. */
function assign(values: Values, { key, value }: Assignment, keys: KnownKeys): string | undefined {
  if (!keys.has(key)) {
    const inside = keys.firstOf(key);
    if (inside === undefined) return keys.describeUnknownKey([], key);
    return `${key} is a section; set its keys, as in --set ${inside}=...`;
  }
  const path = key.split('.');
  let section = values;
  for (const name of path.slice(0, -1)) {
    if (!isSection(section[name])) section[name] = {};
    section = section[name] as Values;
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
  sources: ConfigurationSources,
  file: YamlFile | undefined,
  keys: KnownKeys,
): Fault[] {
  const key = faultyKey(issue);
  const assignment = assigned(sources, key);
  const fault = (path: readonly PropertyKey[], message: string): Fault => {
    if (assignment) return { order: -1, message: `${assignment.source}: ${message}` };
    return { order: file?.offset(path) ?? 0, message: file ? `${file.place(path)}: ${message}` : message };
  };
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => {
      const isFlat = issue.path.length === 0 && keys.has(name);
      return fault([...issue.path, name], isFlat ? flatKey(name) : keys.describeUnknownKey(issue.path, name));
    });
  }
  if (issue.input === undefined && key === pathText(issue.path) && keys.has(key)) {
    const option = sources.options[key];
    const remedy = option ? `give ${option}, or ${key} in the configuration file` : `give --set ${key}=...`;
    return [{ order: -1, message: `${key} is missing: ${remedy}` }];
  }
  const why = describeIssue(issue, keys.fieldAt(issue.path));
  const isOwn = key === 'model.name' && issue.code === 'invalid_value' && !why.endsWith('?');
  const hint = isOwn ? OWN_MODEL_HINT : '';
  return [fault(issue.path, `${pathText(issue.path)}: ${why}${hint}`)];
}

/** `optimizer.lr: 1`, as for --set. */
function flatKey(key: string): string {
  const dot = key.lastIndexOf('.');
  return `write ${key.slice(dot + 1)} below ${key.slice(0, dot)}:, as a key of its own`;
}

/** As an own property even where the name is `__proto__`, so that the schema gets to see and refuse it. */
function define(section: Values, name: string, value: unknown): void {
  Object.defineProperty(section, name, { value, writable: true, enumerable: true, configurable: true });
}
