import { z } from 'zod';

/** Says what a schema takes, for people: `a whole number, 1 or more, or null`, `one of sgd, adamw`. */
export function allowedValues(schema: z.core.$ZodType): string {
  return describe(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function describe(schema: JsonSchema): string {
  if (schema.anyOf) {
    const choices = schema.anyOf.map((choice) => describe(choice));
    // A comma, where without it "or" could belong to the choice before.
    return choices.join(choices[0].includes(',') ? ', or ' : ' or ');
  }
  if (schema.enum) return `one of ${schema.enum.map(String).join(', ')}`;
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema)}`;
    case 'number':
      return `a number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'string':
      return 'text';
    case 'array':
      return `a list: ${elements(schema)}`;
    case 'object':
      return `the keys ${Object.keys(schema.properties ?? {}).join(', ')} with values`;
    default:
      return 'anything';
  }
}

function elements({ items, minItems = 0, maxItems }: JsonSchema): string {
  const each = `each ${element(items)}`;
  if (minItems === maxItems) return `${each}, ${minItems} of them`;
  if (minItems > 0 && maxItems !== undefined) return `${each}, ${minItems} to ${maxItems} of them`;
  if (maxItems !== undefined) return `${each}, at most ${maxItems} of them`;
  return minItems > 0 ? `${each}, at least ${minItems} of them` : each;
}

function element(items: JsonSchema['items']): string {
  if (items === undefined || typeof items === 'boolean' || Array.isArray(items)) return 'anything';
  // In brackets, where without them it would be open of which list so many are needed.
  return items.type === 'array' ? `(${describe(items)})` : describe(items);
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): string {
  const isGiven = (bound: number | boolean | undefined): bound is number =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  if (isGiven(minimum) && isGiven(maximum)) return ` from ${minimum} to ${maximum}`;
  const parts = [
    ...(isGiven(minimum) ? [`, ${minimum} or more`] : []),
    ...(isGiven(exclusiveMinimum) ? [` above ${exclusiveMinimum}`] : []),
    ...(isGiven(maximum) ? [`, at most ${maximum}`] : []),
    ...(isGiven(exclusiveMaximum) ? [`, below ${exclusiveMaximum}`] : []),
  ];
  return parts.join('');
}
