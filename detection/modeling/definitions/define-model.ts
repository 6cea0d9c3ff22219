import type { Detector, DetectorOptions, ModelDefinition } from '../detector';

/**
 * A variant of a model: the same with other defaults, under a name of its own.
 *
 * @param changes the name, and whatever `base.build` takes; options given to `build` win over them.
 */
export function defineModel<Options extends DetectorOptions, Built extends Detector>(
  base: ModelDefinition<Options, Built>,
  { name, ...changes }: Partial<Options> & { readonly name: string },
): ModelDefinition<Options, Built> {
  const definition: ModelDefinition<Options, Built> = {
    ...base,
    name,
    input: changes.input ?? base.input,
    build: (options) => base.build({ definition, ...changes, ...options }),
  };
  return definition;
}
