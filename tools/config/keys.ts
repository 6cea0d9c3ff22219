import type { z } from 'zod';

/** One key of a configuration file, as `--help` lists it and `--set` takes it. */
export interface ConfigurationKey {
  /** Dotted path: `optimizer.lr`. */
  readonly path: string;
  readonly description: string;
  /** Undefined where the user must give a value. */
  readonly defaultValue: unknown;
}

/** Every leaf of a schema of nested objects, in order. */
export function configurationKeys(schema: z.ZodObject): ConfigurationKey[] {
  return fields(schema).flatMap(([name, field]) => leaves(name, field));
}

function leaves(path: string, field: z.core.$ZodType): ConfigurationKey[] {
  const object = asObject(field);
  if (object) return fields(object).flatMap(([name, inner]) => leaves(`${path}.${name}`, inner));
  const { description } = field as z.ZodType;
  const parsed = (field as z.ZodType).safeParse(undefined);
  return [{ path, description: description ?? '', defaultValue: parsed.success ? parsed.data : undefined }];
}

function fields(schema: z.ZodObject): [string, z.core.$ZodType][] {
  return Object.entries<z.core.$ZodType>(schema.shape);
}

/** The object schema below defaults, if there is one. */
function asObject(field: z.core.$ZodType): z.ZodObject | undefined {
  const def = field._zod.def as z.core.$ZodTypeDef & { innerType?: z.core.$ZodType };
  if (def.type === 'object') return field as z.ZodObject;
  return def.innerType ? asObject(def.innerType) : undefined;
}
