import { isSection, type SettingValue, type SettingValues } from '../../detection/modeling/settings';

/**
 * Of settings, all or some, those whose values are not a model's own: what tells a detector from another of its model.
 *
 * @param own the model's, all of them
 */
export function changedSettings(own: SettingValues, values: SettingValues): SettingValues {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, SettingValue | SettingValues][] => {
      if (!isSection(value)) return isSame(value, own[name]) ? [] : [[name, value]];
      const changed = changedSettings(own[name] as SettingValues, value);
      return Object.keys(changed).length === 0 ? [] : [[name, changed]];
    }),
  );
}

/** Values are numbers, strings and lists of them, which their JSON tells apart. */
function isSame(a: SettingValue, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
