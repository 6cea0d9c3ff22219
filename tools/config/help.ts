import { modelNames } from '../../detection/modeling/definitions';
import { configurationKeys } from './keys';
import { trainingConfigurationSchema } from './schema';

/** The keys of a training configuration with their defaults and meanings, for `--help`. */
export function configurationHelp(): string {
  const rows = configurationKeys(trainingConfigurationSchema).map(({ path, defaultValue, description }) => {
    const value = defaultValue === undefined ? '(required)' : JSON.stringify(defaultValue);
    return `  ${path.padEnd(26)} ${value.padEnd(10)} ${description}`;
  });
  return `Keys of --config and --set, with defaults:\n${rows.join('\n')}\n\nModels: ${modelNames.join(', ')}`;
}
