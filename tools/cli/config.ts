import type { Command } from 'commander';
import { commentedYaml } from '../config/commented-yaml';
import { planConfiguration } from '../config/complete';
import { configurationSources, type ConfigurationOptions } from '../config/configuration-options';
import { loadConfiguration } from '../config/load';
import { addConfigurationOptions } from './options';

/** Stands for a file that nobody has named yet: a configuration may be looked at before there is data. */
const TO_BE_GIVEN = '(to be given)';

/** `rcnn config`. */
export function configCommand(command: Command): void {
  addConfigurationOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn config --model fasterrcnn_resnet50_fpn > config.yaml
  $ rcnn train --config config.yaml --train-annotations train.json --train-images images --output runs/first
  $ rcnn config --config config.yaml --set data.batchSize=8

The last one checks the file: mistakes are listed with line and column, and the exit status is 2. A correct file is printed in
full, with the values that null stands for. Mistakes that only the model or the data can reveal, such as a pattern of model.freeze
or optimizer.groups that matches no parameter, are refused by rcnn train. rcnn train --help lists the keys.`,
    )
    .action(runConfig);
}

/**
 * Prints a whole configuration as YAML with comments: that of a model by default, with what a file, `--set` and options
 * change.
 *
 * @throws InputError where training would refuse it.
 */
function runConfig(given: ConfigurationOptions): void {
  const configuration = loadConfiguration({
    ...configurationSources(given),
    base: { data: { trainAnnotations: TO_BE_GIVEN, trainImages: TO_BE_GIVEN } },
  });
  const planned = planConfiguration(configuration);
  process.stdout.write(commentedYaml(configuration, planned, (value) => value === TO_BE_GIVEN));
}
