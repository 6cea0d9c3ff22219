import type { z } from 'zod';
import type { ModelDefinition } from '../../detection/modeling/detector';
import {
  asObject,
  configurationKeys,
  fieldAt,
  pathText,
  type ConfigurationKey,
} from '../../weights/settings/keys';
import { configurationSchemaOfAnyModel, trainingConfigurationSchema } from './schema';
import { suggest } from '../../weights/settings/suggest';

/** Which keys there are, of one model; those of all where the model is not known. */
export class KnownKeys {
  readonly schema: ReturnType<typeof trainingConfigurationSchema>;
  private readonly keys: ReadonlyMap<string, ConfigurationKey>;
  private readonly sections: ReadonlySet<string>;

  constructor(private readonly model?: ModelDefinition) {
    this.schema = model ? trainingConfigurationSchema(model) : configurationSchemaOfAnyModel();
    this.keys = new Map(configurationKeys(this.schema).map((key) => [key.path, key]));
    this.sections = new Set([...this.keys.keys()].flatMap(sectionsAbove));
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** The first key of a section; undefined where there is no such section. */
  firstOf(section: string): string | undefined {
    return [...this.keys.keys()].find((key) => key.startsWith(`${section}.`));
  }

  /** Whether null stands for a value that is yet to be given: of a whole section, or of a key without a default. */
  isOpen(path: string): boolean {
    const key = this.keys.get(path);
    return key ? key.defaultValue === undefined : this.sections.has(path);
  }

  fieldAt(path: readonly PropertyKey[]): z.core.$ZodType | undefined {
    return fieldAt(this.schema, path);
  }

  /** Says that there is no such key, and which was probably meant: in a list one of its own keys, else any. */
  describeUnknownKey(path: readonly PropertyKey[], name: string): string {
    const inside = pathText(path);
    const key = inside === '' ? name : `${inside}.${name}`;
    const told = /^[\w.[\]]+$/.test(key) ? key : JSON.stringify(key);
    if (this.model && isOfAnyModel(key)) {
      const { name: model } = this.model;
      const own = this.withLastWordOf(key);
      const remedy =
        own === undefined ? `rcnn config --model ${model} shows its keys` : `did you mean ${own}?`;
      return `there is no key ${told} for ${model}; ${remedy}`;
    }
    const field = this.fieldAt(path);
    const siblings = Object.keys((field && asObject(field)?.shape) ?? {});
    const meant = inside.endsWith(']') ? suggest(name, siblings) : this.meantBy(key);
    return `there is no key ${told}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }

  /** A key may stand in another section than the user thinks: its last word is looked for in all of them. */
  private meantBy(key: string): string | undefined {
    const around = sectionsAbove(key);
    const sections = [...this.sections].filter((section) => !around.includes(section));
    return this.withLastWordOf(key) ?? suggest(key, [...this.keys.keys(), ...sections]);
  }

  private withLastWordOf(key: string): string | undefined {
    const paths = [...this.keys.keys()];
    const ending = (end: string): string[] =>
      paths.filter((known) => known === end || known.endsWith(`.${end}`));
    const whole = ending(key);
    const found = whole.length > 0 ? whole : ending(key.slice(key.lastIndexOf('.') + 1));
    return found.length > 0 ? found.join(' or ') : undefined;
  }
}

/** `model.rpn` and `model` of `model.rpn.nmsThreshold`. */
function sectionsAbove(key: string): string[] {
  const steps = key.split('.');
  return steps.slice(1).map((_, k) => steps.slice(0, k + 1).join('.'));
}

function isOfAnyModel(key: string): boolean {
  const any = new KnownKeys();
  return any.has(key) || any.firstOf(key) !== undefined;
}
