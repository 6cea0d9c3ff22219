import { z } from 'zod';
import type { Setting, SettingsSchema, SettingValues } from '../../detection/modeling/settings';

/** What the keys of a section are checked against, by name. */
export type Fields = Readonly<Record<string, z.ZodType>>;

/** The settings of a model as keys. @param values its own, which are the defaults */
export function settingFields(schema: SettingsSchema, values: SettingValues): Fields {
  return fieldsOf(schema, (entry, name) =>
    isSetting(entry)
      ? valueField(entry).default(values[name]).describe(entry.about)
      : z.strictObject(settingFields(entry, values[name] as SettingValues)).prefault({}),
  );
}

/** Settings of a model of which any may be left out. */
export function partialSettings(schema: SettingsSchema): z.ZodObject {
  return z.strictObject(
    fieldsOf(schema, (entry) => (isSetting(entry) ? valueField(entry) : partialSettings(entry)).optional()),
  );
}

/** The settings of all of some models as keys, whatever their values. */
export function fieldsOfAny(schemas: readonly SettingsSchema[]): Fields {
  const names = new Set(schemas.flatMap((schema) => Object.keys(schema)));
  return Object.fromEntries(
    [...names].map((name) => {
      const entries = schemas.flatMap((schema) => (Object.hasOwn(schema, name) ? [schema[name]] : []));
      const sections = entries.filter((entry): entry is SettingsSchema => !isSetting(entry));
      const isSection = sections.length === entries.length;
      return [name, (isSection ? z.strictObject(fieldsOfAny(sections)) : z.unknown()).optional()];
    }),
  );
}

function fieldsOf(
  schema: SettingsSchema,
  field: (entry: Setting | SettingsSchema, name: string) => z.ZodType,
): Fields {
  return Object.fromEntries(Object.entries(schema).map(([name, entry]) => [name, field(entry, name)]));
}

/** A section may have a setting that is called `type`. */
function isSetting(entry: Setting | SettingsSchema): entry is Setting {
  return typeof entry.type === 'string';
}

function valueField(setting: Setting): z.ZodType {
  switch (setting.type) {
    case 'number': {
      const { integer, min, max, above } = setting;
      const number = integer ? z.int() : z.number();
      const bounded = Number.isFinite(max) ? number.max(max) : number;
      if (!Number.isFinite(min)) return bounded;
      return above ? bounded.gt(min) : bounded.min(min);
    }
    case 'choice':
      return z.enum(setting.choices);
    case 'list': {
      const list = z.array(valueField(setting.item)).min(setting.minLength);
      return Number.isFinite(setting.maxLength) ? list.max(setting.maxLength) : list;
    }
  }
}
