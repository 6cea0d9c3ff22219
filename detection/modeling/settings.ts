/**
 * What can be configured of a model: which settings there are, in sections, what each may be, and in words what it means.
 * The values are the model's own affair; command line and configuration file know them from here alone.
 */
export interface SettingsSchema {
  readonly [name: string]: Setting | SettingsSchema;
}

/** The type of a setting, with its limits. */
export type Setting = NumberSetting | ChoiceSetting | ListSetting;

/** A setting that is a number. */
export interface NumberSetting {
  /** Tells it from other settings. */
  readonly type: 'number';
  /** What it means, for users. */
  readonly about: string;
  /** Whether the value must be an integer. */
  readonly integer: boolean;
  /** Smallest value. */
  readonly min: number;
  /** Largest value. */
  readonly max: number;
  /** Whether `min` itself is too small. */
  readonly above: boolean;
}

/** A setting that is one of some words. */
export interface ChoiceSetting<Choice extends string = string> {
  /** Tells it from other settings. */
  readonly type: 'choice';
  /** What it means, for users. */
  readonly about: string;
  /** The allowed values. */
  readonly choices: readonly Choice[];
}

/** A setting that is a list. */
export interface ListSetting<Item extends Setting = Setting> {
  /** Tells it from other settings. */
  readonly type: 'list';
  /** What it means, for users. */
  readonly about: string;
  /** Type of the elements. */
  readonly item: Item;
  /** Smallest number of elements. */
  readonly minLength: number;
  /** Largest number of elements. */
  readonly maxLength: number;
}

/** The values of settings, section by section. */
export interface SettingValues {
  readonly [name: string]: SettingValue | SettingValues;
}
/** The value of a setting. */
export type SettingValue = number | string | readonly SettingValue[];

/** The type of the values that a schema describes. */
export type ValuesOf<S> = S extends NumberSetting
  ? number
  : S extends ChoiceSetting<infer Choice>
    ? Choice
    : S extends ListSetting<infer Item>
      ? readonly ValuesOf<Item>[]
      : { readonly [K in keyof S]: ValuesOf<S[K]> };

/** Some of the values, at any depth. */
export type DeepPartial<Values> = Values extends number | string | readonly unknown[]
  ? Values
  : { readonly [K in keyof Values]?: DeepPartial<Values[K]> | undefined };

/** What can be configured of one model. */
export interface ModelSettings<Values = SettingValues> {
  /** Which settings there are. */
  readonly schema: SettingsSchema;
  /** The model's own. */
  readonly values: Values;
  /**
   * What does not go together among values that the schema allows each for itself.
   *
   * @param numClasses foreground classes of the detector, where they are known
   */
  faults(values: Values, numClasses?: number): readonly SettingFault[];
}

/** A setting whose value conflicts with others. */
export interface SettingFault {
  /** Dotted path of the setting: `rpn.bgIouThreshold`. */
  readonly setting: string;
  /** What is wrong, in words that follow the name of the setting. */
  readonly reason: string;
}

/** A number of things, 1 or more. */
export function count(about: string, min = 1): NumberSetting {
  return { type: 'number', about, integer: true, min, max: Number.MAX_SAFE_INTEGER, above: false };
}

/** A share, an overlap, a probability: 0..1. */
export function fraction(about: string): NumberSetting {
  return { type: 'number', about, integer: false, min: 0, max: 1, above: false };
}

/** A number above 0. */
export function positive(about: string): NumberSetting {
  return { type: 'number', about, integer: false, min: 0, max: Infinity, above: true };
}

/** A number, 0 or more. */
export function nonNegative(about: string): NumberSetting {
  return { type: 'number', about, integer: false, min: 0, max: Infinity, above: false };
}

export function choice<const Choice extends string>(
  about: string,
  choices: readonly Choice[],
): ChoiceSetting<Choice> {
  return { type: 'choice', about, choices };
}

export function list<Item extends Setting>(
  about: string,
  item: Item,
  minLength = 1,
  maxLength = Infinity,
): ListSetting<Item> {
  return { type: 'list', about, item, minLength, maxLength };
}

/** Values with some of them changed, at any depth. What is undefined among the changes stays as it is. */
export function withSettings<Values extends object>(
  values: Values,
  changes: DeepPartial<NoInfer<Values>>,
): Values {
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined);
  return {
    ...values,
    ...Object.fromEntries(
      changed.map(([name, change]) => {
        const own = values[name as keyof Values] as unknown;
        return [name, isSection(own) && isSection(change) ? withSettings<object>(own, change) : change];
      }),
    ),
  };
}

/** Whether among settings, or their values, something has others in it. */
export function isSection(value: unknown): value is SettingValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
