import { stringify } from 'yaml';
import type { CompleteConfiguration } from './complete';

/** A configuration as `config.yaml` holds it; `rcnn train --config` takes it again. */
export function configurationYaml(configuration: CompleteConfiguration): string {
  return stringify(configuration, { lineWidth: 0 });
}
