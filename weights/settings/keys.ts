import type { z } from 'zod';

/** One key of a configuration file, as `--help` lists it and `--set` takes it. */
export interface ConfigurationKey {
  /** Dotted path: `optimizer.lr`. */
  readonly path: string;
  readonly description: string;
  /** Undefined where the user must give a value. */
  readonly defaultValue: unknown;
  readonly schema: z.core.$ZodType;
}

/** Every leaf of a schema of nested objects, in order. */
export function configurationKeys(schema: z.ZodObject): ConfigurationKey[] {
  return fields(schema).flatMap(([name, field]) => leaves(name, field));
}

function leaves(path: string, field: z.core.$ZodType): ConfigurationKey[] {
  const object = asObject(field);
  if (object) return fields(object).flatMap(([name, inner]) => leaves(`${path}.${name}`, inner));
  const parsed = (field as z.ZodType).safeParse(undefined);
  const defaultValue = parsed.success ? parsed.data : undefined;
  return [{ path, description: descriptionOf(field), defaultValue, schema: field }];
}

/** The keys of an object by name, in order. */
export function fields(schema: z.ZodObject): [string, z.core.$ZodType][] {
  return Object.entries<z.core.$ZodType>(schema.shape);
}

export function descriptionOf(field: z.core.$ZodType): string {
  return (field as z.ZodType).description ?? '';
}

/** The object schema below defaults, if there is one. */
export function asObject(field: z.core.$ZodType): z.ZodObject | undefined {
  const def = field._zod.def as z.core.$ZodTypeDef & { innerType?: z.core.$ZodType };
  if (def.type === 'object') return field as z.ZodObject;
  return def.innerType ? asObject(def.innerType) : undefined;
}

/** `optimizer.groups[0].match` */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .slice(1);
}

/** What the value at a path is checked against: numbers of the path are places in a list. Undefined where the schema has no such key. */
export function fieldAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  if (path.length === 0) return schema;
  const [step, ...rest] = path;
  const object = asObject(schema);
  const byName = new Map(object && fields(object));
  const inner = typeof step === 'number' ? elementOf(schema) : byName.get(String(step));
  return inner && fieldAt(inner, rest);
}

function elementOf(field: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = field._zod.def as z.core.$ZodTypeDef & {
    innerType?: z.core.$ZodType;
    element?: z.core.$ZodType;
  };
  return def.innerType ? elementOf(def.innerType) : def.element;
}
