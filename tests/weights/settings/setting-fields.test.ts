import { z } from 'zod';
import {
  choice,
  count,
  fraction,
  list,
  positive,
  type SettingsSchema,
} from '../../../detection/modeling/settings';
import { allowedValues } from '../../../weights/settings/allowed-values';
import { configurationKeys } from '../../../weights/settings/keys';
import { fieldsOfAny, settingFields, partialSettings } from '../../../weights/settings/setting-fields';

const schema = {
  share: fraction('a share'),
  // A section may have a setting of any name.
  part: { type: choice('how', ['a', 'b']), many: count('how many', 0) },
  sizes: list('sizes', list('of one', positive('pixels')), 1, 3),
  offsets: list('offsets', { ...fraction('pixels'), min: -Infinity, max: 5 }, 0, 2),
} satisfies SettingsSchema;
const values = { share: 0.5, part: { type: 'a', many: 2 }, sizes: [[1]], offsets: [] };
const keys = z.strictObject(settingFields(schema, values));

test('each setting is a key with its bounds, its meaning, and the model’s value as default', () => {
  const found = configurationKeys(keys).map(({ path, description, defaultValue, schema: field }) => [
    path,
    description,
    defaultValue,
    allowedValues(field),
  ]);
  expect(found).toEqual([
    ['share', 'a share', 0.5, 'a number from 0 to 1'],
    ['part.type', 'how', 'a', 'one of a, b'],
    ['part.many', 'how many', 2, 'a whole number, 0 or more'],
    [
      'sizes',
      'sizes',
      [[1]],
      'a list: each (a list: each a number above 0, at least 1 of them), 1 to 3 of them',
    ],
    ['offsets', 'offsets', [], 'a list: each a number, at most 5, at most 2 of them'],
  ]);
  expect(keys.parse({})).toEqual(values);
  expect(keys.parse({ part: { many: 0 } })).toEqual({ ...values, part: { type: 'a', many: 0 } });
});

test.each([
  { share: 1.1 },
  { share: -0.1 },
  { share: NaN },
  { share: Infinity },
  { share: '0.5' },
  { share: null },
  { part: { many: 0.5 } },
  { part: { many: -1 } },
  { part: { type: 'c' } },
  { part: { other: 1 } },
  { sizes: [] },
  { sizes: [[]] },
  { sizes: [[0]] },
  { sizes: [[1], [1], [1], [1]] },
  { offsets: [6] },
  { offsets: [1, 1, 1] },
  { other: 1 },
])('%j is refused, among all values and among some', (given) => {
  expect(keys.safeParse(given).success).toBe(false);
  expect(partialSettings(schema).safeParse(given).success).toBe(false);
});

test('of some values none needs to be there, and none is added', () => {
  for (const given of [{}, { part: {} }, { part: { many: 3 }, offsets: [-7, 5] }]) {
    expect(partialSettings(schema).parse(given)).toEqual(given);
  }
});

test('keys of any of several models', () => {
  const other = { share: { of: fraction('x') }, part: { more: count('y') } };
  const any = z.strictObject(fieldsOfAny([schema, other]));
  expect(configurationKeys(any).map(({ path }) => path)).toEqual([
    'share',
    'part.type',
    'part.many',
    'part.more',
    'sizes',
    'offsets',
  ]);
  expect(any.parse({ share: 'x', part: { more: [] } })).toEqual({ share: 'x', part: { more: [] } });
  expect(any.safeParse({ part: { none: 1 } }).success).toBe(false);
});
