import { modelDefinitions } from '../../../detection/modeling/definitions';
import { withSettings, type Setting, type SettingsSchema } from '../../../detection/modeling/settings';

test('changes at any depth, the rest as it was, nothing undefined', () => {
  const values = { a: { b: 1, c: { d: 2, e: [1, 2] } }, f: 'x' };
  const changed = withSettings(values, { a: { b: undefined, c: { e: [3] } } });
  expect(changed).toEqual({ a: { b: 1, c: { d: 2, e: [3] } }, f: 'x' });
  expect(values.a.c.e).toEqual([1, 2]);
});

function isSetting(schema: Setting | SettingsSchema): schema is Setting {
  return typeof schema['type'] === 'string';
}

function isAllowed(setting: Setting, value: unknown): boolean {
  switch (setting.type) {
    case 'choice':
      return setting.choices.includes(value as string);
    case 'list': {
      const { minLength, maxLength, item } = setting;
      return (
        Array.isArray(value) &&
        value.length >= minLength &&
        value.length <= maxLength &&
        value.every((each) => isAllowed(item, each))
      );
    }
    case 'number': {
      const { min, max, above, integer } = setting;
      if (typeof value !== 'number' || (integer && !Number.isInteger(value))) return false;
      return (above ? value > min : value >= min) && value <= max;
    }
  }
}

function wrongKeys(schema: Setting | SettingsSchema, value: unknown, path = ''): string[] {
  if (isSetting(schema)) return isAllowed(schema, value) ? [] : [path];
  const values = value as Record<string, unknown>;
  const keys = new Set([...Object.keys(schema), ...Object.keys(values)]);
  return [...keys].flatMap((key) =>
    key in schema && key in values
      ? wrongKeys(schema[key], values[key], `${path}.${key}`)
      : [`${path}.${key}`],
  );
}

test.each(modelDefinitions.map(({ name, settings }) => [name, settings] as const))(
  '%s has values for all of its settings, which they allow, and which go together',
  (_, settings) => {
    const { schema, values } = settings;
    expect(wrongKeys(schema, values)).toEqual([]);
    expect(settings.faults(values)).toEqual([]);
  },
);

test.each(modelDefinitions.map((definition) => [definition.name, definition] as const))(
  '%s refuses to be built with settings that do not go together',
  (_, definition) => {
    const { anchors } = definition.settings.values as { anchors: Record<string, unknown[]> };
    // One level too few.
    const [name, ofLevels] = Object.entries(anchors).find(([key]) => key === 'sizes' || key === 'scales')!;
    const settings = { anchors: { [name]: ofLevels.slice(1) as number[] } };
    expect(() => definition.build({ numClasses: 1, settings })).toThrow(RangeError);
    expect(() => definition.build({ numClasses: 1, settings })).toThrow(`anchors.${name}`);
  },
);
