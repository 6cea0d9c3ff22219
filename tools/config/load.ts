import type { z } from 'zod';
import { InputError } from '../../detection/errors';
import type { Assignment } from './assignments';
import { configurationKeys } from './keys';
import { trainingConfigurationSchema, type TrainingConfiguration } from './schema';
import { suggest } from './suggest';
import { readYamlFile, type YamlFile } from './yaml-file';

/** Where the values of a configuration come from; later ones win. */
export interface ConfigurationSources {
  /** Values of the run that is resumed. */
  readonly base?: TrainingConfiguration;
  /** A YAML file. */
  readonly file?: string;
  /** `--set` and the options of the command line. */
  readonly assignments: readonly Assignment[];
  /** The option that sets a key, by key: named where a value is missing. */
  readonly options: Readonly<Record<string, string>>;
}

type Section = Record<string, unknown>;
const keys = configurationKeys(trainingConfigurationSchema).map(({ path }) => path);

/**
 * Puts a training configuration together and checks it against the schema.
 *
 * @throws InputError that lists every fault with its place: line and column of the file, or the option.
 */
export function loadConfiguration(sources: ConfigurationSources): TrainingConfiguration {
  // The sections that have required keys exist, so that a missing key is named and not its section.
  const values: Section = { model: {}, data: {}, ...structuredClone(sources.base) };
  const file = sources.file === undefined ? undefined : readYamlFile(sources.file);
  if (file) merge(values, file, []);
  for (const assignment of sources.assignments) assign(values, assignment);
  const parsed = trainingConfigurationSchema.safeParse(values, { reportInput: true });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => describe(issue, sources, file));
  throw new InputError([...new Set(faults)].join('\n'));
}

/** Lays the file's values over what is there, section by section. */
function merge(values: Section, file: YamlFile, path: string[], from: unknown = file.values): void {
  if (!isSection(from))
    throw new InputError(`${file.place(path)}: expected keys with values, as in "seed: 1"`);
  for (const [name, value] of Object.entries(from)) {
    const present = Object.hasOwn(values, name) ? values[name] : undefined;
    if (isSection(present) && isSection(value)) merge(present, file, [...path, name], value);
    else define(values, name, value);
  }
}

function assign(values: Section, { key, value, source }: Assignment): void {
  if (!keys.includes(key)) {
    const section = keys.find((known) => known.startsWith(`${key}.`));
    if (section)
      throw new InputError(`${source}: ${key} is a section; set its keys, as in --set ${section}=...`);
    throw new InputError(`${source}: there is no key ${key}${hint(key, keys)}`);
  }
  const path = key.split('.');
  let section = values;
  for (const name of path.slice(0, -1)) {
    if (!isSection(section[name])) section[name] = {};
    section = section[name] as Section;
  }
  section[path.at(-1)!] = value;
}

function describe(
  issue: z.core.$ZodIssue,
  sources: ConfigurationSources,
  file: YamlFile | undefined,
): string[] {
  if (issue.code === 'unrecognized_keys') {
    const prefix = issue.path.map((step) => `${String(step)}.`).join('');
    return issue.keys.map((name) => {
      const key = prefix + name;
      return `${file?.place([...issue.path, name]) ?? key}: there is no key ${key}${hint(key, keys)}`;
    });
  }
  const key = issue.path.filter((step) => typeof step === 'string').join('.');
  const assignment = sources.assignments.findLast((candidate) => candidate.key === key);
  if (assignment) return [`${assignment.source}: ${key}: ${reason(issue)}`];
  if (issue.input === undefined && keys.includes(key)) {
    const option = sources.options[key];
    const remedy = option ? `give ${option}, or ${key} in the configuration file` : `give --set ${key}=...`;
    return [`${key} is missing: ${remedy}`];
  }
  return [`${file?.place(issue.path) ?? key}: ${key}: ${reason(issue)}`];
}

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_value') return issue.message.replace('Invalid input: ', '');
  const choices = issue.values.map(String);
  const given = typeof issue.input === 'string' ? hint(issue.input, choices) : '';
  return `expected one of ${choices.join(', ')}${given}`;
}

function hint(word: string, candidates: readonly string[]): string {
  const meant = suggest(word, candidates);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As an own property even where the name is `__proto__`, so that the schema gets to see and refuse it. */
function define(section: Section, name: string, value: unknown): void {
  Object.defineProperty(section, name, { value, writable: true, enumerable: true, configurable: true });
}
