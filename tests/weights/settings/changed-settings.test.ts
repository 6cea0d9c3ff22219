import fc from 'fast-check';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { withSettings, type SettingValues } from '../../../detection/modeling/settings';
import { changedSettings } from '../../../weights/settings/changed-settings';

const definition = modelDefinition('fasterrcnn_tiny_fpn');
const own = definition.settings.values;

/** Some of the values, each with another or with its own. */
function changesOf(values: SettingValues): fc.Arbitrary<SettingValues> {
  const records = Object.entries(values).map(([name, value]) => {
    const change =
      typeof value === 'object' && !Array.isArray(value)
        ? changesOf(value as SettingValues)
        : fc.constantFrom(value, 3, 'other', [[7], []]);
    return [name, change] as const;
  });
  return fc.record(Object.fromEntries(records), { requiredKeys: [] }) as fc.Arbitrary<SettingValues>;
}

test('what is changed brings back all, and nothing else is in it', () => {
  expect(changedSettings(own, own)).toEqual({});
  expect(changedSettings(own, {})).toEqual({});
  const values = withSettings(own, { rpn: { preNmsTopN: { train: 7 }, nmsThreshold: 0.7 } });
  expect(changedSettings(own, values)).toEqual({ rpn: { preNmsTopN: { train: 7 } } });
  fc.assert(
    fc.property(changesOf(own), (changes) => {
      const all = withSettings(own, changes);
      const changed = changedSettings(own, all);
      expect(changedSettings(own, changes)).toEqual(changed);
      expect(withSettings(own, changed)).toEqual(all);
      expect(changedSettings(all, all)).toEqual({});
    }),
  );
});
