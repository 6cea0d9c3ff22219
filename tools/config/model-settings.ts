import { InputError } from '../../detection/errors';
import type { ModelDefinition } from '../../detection/modeling/detector';
import type { SettingValues } from '../../detection/modeling/settings';

/** A model's settings among the keys of a configuration's section `model`, which has been checked. */
export function settingsOf({ settings }: ModelDefinition, section: object): SettingValues {
  const values = section as SettingValues;
  return Object.fromEntries(Object.keys(settings.schema).map((name) => [name, values[name]]));
}

/**
 * @param numClasses foreground classes of the detector
 * @throws InputError where settings that are allowed each for itself do not go together, or not with the classes
 */
export function requireSettings(
  { settings }: ModelDefinition,
  values: SettingValues,
  numClasses: number,
): void {
  const faults = settings
    .faults(values, numClasses)
    .map(({ setting, reason }) => `model.${setting}: ${reason}`);
  if (faults.length > 0) throw new InputError('configuration', faults.join('\n'), { faults });
}
