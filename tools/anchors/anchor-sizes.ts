import {
  isSection,
  withSettings,
  type SettingValue,
  type SettingValues,
} from '../../detection/modeling/settings';

/** Sizes of anchors on each level, pixels of the resized image; as many on every level. */
export type AnchorSizes = readonly (readonly number[])[];

/** The setting that models have whose anchors go by sizes. */
const SETTING = ['anchors', 'sizes'] as const;

/** The sizes among a model's settings; undefined of a model that has none. */
export function anchorSizesOf(settings: SettingValues): AnchorSizes | undefined {
  const [section, name] = SETTING;
  const anchors = settings[section];
  if (!isSection(anchors)) return undefined;
  const sizes = anchors[name];
  return isList(sizes) && sizes.every(isSizes) ? sizes : undefined;
}

/** The setting with other sizes, as part of a model's settings. */
export function withAnchorSizes(settings: SettingValues, sizes: AnchorSizes): SettingValues {
  const [section, name] = SETTING;
  return withSettings(settings, { [section]: { [name]: sizes } });
}

/** What gives a model these sizes on the command line. */
export function sizesAssignment(sizes: AnchorSizes): string {
  return `model.${SETTING.join('.')}=${JSON.stringify(sizes)}`;
}

/** Whether all of several levels have the same sizes. */
export function areShared(sizes: AnchorSizes): boolean {
  return sizes.length > 1 && sizes.every((ofLevel) => String(ofLevel) === String(sizes[0]));
}

function isList(value: SettingValue | SettingValues | undefined): value is readonly SettingValue[] {
  return Array.isArray(value);
}

function isSizes(value: SettingValue): value is readonly number[] {
  return isList(value) && value.every((size) => typeof size === 'number');
}
