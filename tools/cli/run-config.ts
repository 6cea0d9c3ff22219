import { commentedYaml } from '../config/commented-yaml';
import { completeConfiguration } from '../config/complete';
import { configurationSources, type ConfigurationOptions } from '../config/configuration-options';
import { loadConfiguration } from '../config/load';

/** Stands for a file that nobody has named yet: a configuration may be looked at before there is data. */
const TO_BE_GIVEN = '(to be given)';

/**
 * Prints a whole configuration as YAML with comments: that of a model by default, with what a file, `--set` and options
 * change.
 *
 * @throws InputError where training would refuse it.
 */
export function runConfig(given: ConfigurationOptions): void {
  const configuration = loadConfiguration({
    ...configurationSources(given),
    base: { data: { trainAnnotations: TO_BE_GIVEN, trainImages: TO_BE_GIVEN } },
  });
  const complete = completeConfiguration(configuration);
  process.stdout.write(commentedYaml(configuration, complete, (value) => value === TO_BE_GIVEN));
}
