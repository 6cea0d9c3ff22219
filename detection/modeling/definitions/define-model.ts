import type { Detector, DetectorOptions, ModelDefinition } from '../detector';
import { withSettings } from '../settings';

/**
 * A variant of a model: the same with other defaults, under a name of its own.
 *
 * @param changes the name, and whatever `base.build` takes; options given to `build` win over them.
 */
export function defineModel<Options extends DetectorOptions, Built extends Detector>(
  base: ModelDefinition<Options, Built>,
  { name, ...changes }: Partial<Options> & { readonly name: string },
): ModelDefinition<Options, Built> {
  const ownSettings = (given: DetectorOptions['settings'] = {}) =>
    withSettings(changes.settings ?? {}, given);
  const definition: ModelDefinition<Options, Built> = {
    ...base,
    name,
    // The sides that the base is trained at are of its own input.
    ...(changes.input && { input: changes.input, trainMinSizes: undefined }),
    settings: { ...base.settings, values: withSettings(base.settings.values, ownSettings()) },
    anchors: base.anchors && ((padded, settings) => base.anchors!(padded, ownSettings(settings))),
    build: (options) =>
      base.build({ definition, ...changes, ...options, settings: ownSettings(options.settings) }),
  };
  return definition;
}
