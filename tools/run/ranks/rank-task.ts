import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PlannedConfiguration } from '../../config/complete';
import { modelFileOf } from '../../config/model-file';
import { flatten } from '../hooks/run-events';

/** What rank 0 gives the others to do. */
export interface RankTask {
  readonly configuration: PlannedConfiguration;
  /** The file of the model, where it is one of the user's. */
  readonly modelFile?: string;
  /** Whether the run goes on. */
  readonly resume: boolean;
}

/** Keys of which each machine may have its own. */
const OWN_KEYS: readonly string[] = [
  'data.trainAnnotations',
  'data.trainImages',
  'data.valAnnotations',
  'data.valImages',
  'data.workers',
];

export function taskOf(configuration: PlannedConfiguration, resume: boolean): RankTask {
  const modelFile = modelFileOf(configuration.model.name);
  return { configuration, resume, ...(modelFile !== undefined && { modelFile: path.resolve(modelFile) }) };
}

/** What a rank has been told to train, by key, as far as all have to be told the same. */
export function statementOf(configuration: PlannedConfiguration): Record<string, string> {
  const keys = Object.entries(flatten(configuration)).filter(([key]) => !OWN_KEYS.includes(key));
  return Object.fromEntries(keys.map(([key, value]) => [key, String(value)]));
}

/** The configuration of a rank: rank 0's, with where its own data are. What rank 0 evaluates on is no business of it. */
export function configurationOfRank(
  given: PlannedConfiguration,
  own: PlannedConfiguration | undefined,
): PlannedConfiguration {
  const { trainAnnotations, trainImages, workers } = (own ?? given).data;
  const data = {
    ...given.data,
    trainAnnotations,
    trainImages,
    workers,
    valAnnotations: null,
    valImages: null,
  };
  return { ...given, data };
}

/** The version of this program. */
export function programVersion(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    try {
      const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
        version: string;
      };
      return version;
    } catch (error) {
      if (folder === path.dirname(folder)) throw error;
    }
  }
}
