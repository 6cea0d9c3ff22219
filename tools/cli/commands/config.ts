import { Command } from 'commander';
import type { ConfigurationOptions } from '../../config/configuration-options';
import type * as RunConfig from '../run-config';
import { addConfigurationOptions } from '../options';

/** `rcnn config`. */
export function configCommand(): Command {
  const command = new Command('config').description(
    'print a configuration with every key, its default and what it means; check a configuration file',
  );
  return addConfigurationOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn config --model fasterrcnn_resnet50_fpn > config.yaml
  $ rcnn train --config config.yaml --train-annotations train.json --train-images images --output runs/first
  $ rcnn config --config config.yaml --set data.batchSize=8

The last one checks the file: what is wrong is listed with line and column, and the exit status is 2. Where the file is as it
should be, it is printed whole, with what null comes to. What takes the model or the data to be found out, as a pattern of
model.freeze or optimizer.groups that matches no parameter, is refused by rcnn train. rcnn train --help lists the keys.`,
    )
    .action((options: ConfigurationOptions) => {
      const { runConfig } = require('../run-config') as typeof RunConfig;
      runConfig(options);
    });
}
