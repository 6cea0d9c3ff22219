import { modelDefinition } from '../../../detection/modeling/definitions';
import type { DetectorTraits } from '../../../detection/modeling/detector-module';

/** What a detector of a test that is put together by hand says of itself. */
export function traits(numClasses: number): DetectorTraits {
  const definition = modelDefinition('fasterrcnn_tiny_fpn');
  const categories = Array.from({ length: numClasses }, (_, k) => `category ${k + 1}`);
  return { definition, input: definition.input, categories };
}
