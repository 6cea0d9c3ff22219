import { isDeepStrictEqual } from 'node:util';
import { isSection, type SettingValue, type SettingValues } from '../../detection/modeling/settings';

/**
 * Of settings, all or some, those whose values are not a model's own: what tells a detector from another of its model.
 *
 * @param own the model's, all of them
 */
export function changedSettings(own: SettingValues, values: SettingValues): SettingValues {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, SettingValue | SettingValues][] => {
      if (!isSection(value)) return isDeepStrictEqual(value, own[name]) ? [] : [[name, value]];
      const changed = changedSettings(own[name] as SettingValues, value);
      return Object.keys(changed).length === 0 ? [] : [[name, changed]];
    }),
  );
}
