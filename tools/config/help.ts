import { modelNames } from '../../detection/modeling/definitions';
import { configurationKeys } from '../../weights/settings/keys';
import { trainingConfigurationSchema } from './schema';

/** The keys of a training configuration with their defaults and meanings, for `--help`. */
export function configurationHelp(): string {
  const rows = configurationKeys(trainingConfigurationSchema()).map(({ path, defaultValue, description }) => {
    const value = defaultValue === undefined ? '(required)' : JSON.stringify(defaultValue);
    return `  ${path.padEnd(26)} ${value.padEnd(10)} ${description}`;
  });
  return `Keys of --config and --set, with defaults:
${rows.join('\n')}

In addition, each model has keys of its own below model: anchors, thresholds, numbers of samples, losses.
rcnn config --model NAME shows them: --set model.anchors.sizes=...

Models: ${modelNames.join(', ')}`;
}
