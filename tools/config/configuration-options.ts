import { InputError } from '../../detection/errors';
import { parseAssignment, type Assignment } from './assignments';
import type { ConfigurationSources } from './load';

/** The options of the command line that put a configuration together; `addConfigurationOptions` declares them. */
export interface ConfigurationOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly model?: string;
  readonly trainAnnotations?: string;
  readonly trainImages?: string;
  readonly valAnnotations?: string;
  readonly valImages?: string;
  readonly skipInvalid?: boolean;
  readonly iterations?: number;
  readonly epochs?: number;
  readonly precision?: string;
  readonly ranks?: number;
  readonly onDivergence?: string;
  readonly weights?: string;
}

/** The key of the configuration that an option sets, and how the option is spelled. */
const optionKeys = {
  model: ['model.name', '--model NAME'],
  trainAnnotations: ['data.trainAnnotations', '--train-annotations FILE'],
  trainImages: ['data.trainImages', '--train-images DIR'],
  valAnnotations: ['data.valAnnotations', '--val-annotations FILE'],
  valImages: ['data.valImages', '--val-images DIR'],
  skipInvalid: ['data.skipInvalid', '--skip-invalid'],
  iterations: ['iterations', '--iterations N'],
  epochs: ['epochs', '--epochs E'],
  precision: ['precision', '--precision WHAT'],
  ranks: ['ranks', '--ranks N'],
  onDivergence: ['onDivergence', '--on-divergence WHAT'],
  weights: ['model.weights', '--weights FILE'],
} as const satisfies Partial<Record<keyof ConfigurationOptions, readonly [key: string, spelling: string]>>;

/** How the option is spelled that sets a key, by key. */
export const optionSpellings: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(optionKeys).map(([key, spelling]) => [key, spelling]),
);

/**
 * Where the values of a configuration come from that is put together on the command line. Of several `--set` of one key the
 * last one counts; one that is malformed, or sets what an option sets to something else, is among the faults.
 */
export function configurationSources(given: ConfigurationOptions): ConfigurationSources {
  const faults: string[] = [];
  const sets = (given.set ?? []).flatMap((text) => {
    try {
      return [parseAssignment(text)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(error.message);
      return [];
    }
  });
  const options = optionAssignments(given);
  for (const option of options) {
    const set = sets.findLast(({ key }) => key === option.key);
    if (set && set.value !== option.value) {
      faults.push(`${set.source} and ${option.source} give ${set.key} two values; remove one of them`);
    }
  }
  return {
    ...(given.config !== undefined && { file: given.config }),
    assignments: [...sets, ...options],
    faults,
    options: optionSpellings,
  };
}

function optionAssignments(given: ConfigurationOptions): Assignment[] {
  return (Object.keys(optionKeys) as (keyof typeof optionKeys)[]).flatMap((name) => {
    const value = given[name];
    const [key, spelling] = optionKeys[name];
    if (value === undefined) return [];
    const source = value === true ? spelling : `${spelling.split(' ')[0]} ${value}`;
    return [{ key, value, source }];
  });
}
