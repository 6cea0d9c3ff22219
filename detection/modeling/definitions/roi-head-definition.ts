import type { HeadGradients } from '../../nn/head-losses';
import type { NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';
import type { ModelDefinition, StateDictLayout } from '../detector';
import type { DetectorTraits } from '../detector-module';
import type { RoiHead } from '../roi/box-stage';
import { withSettings, type SettingsSchema, type SettingValues } from '../settings';

/**
 * A head that adds to boxes that a Faster R-CNN has found: what it is to a definition. A model has any of these, in a list; the
 * losses' names and what is found come from the head itself.
 */
export interface RoiHeadDefinition<
  Settings extends SettingValues = SettingValues,
> extends RoiHeadTraits<Settings> {
  /** Makes it, with random weights. */
  build(options: RoiHeadOptions, settings: Settings): RoiHead;
}

/** The same of a head that the stage that finds boxes is made with. */
export interface RoiHeadTraits<Settings extends SettingValues = SettingValues> {
  /** What targets must have for it to learn. */
  readonly needs: ModelDefinition['needs'][number];
  /** What can be configured of it: sections that join those of the model, the weights of its losses among them. */
  readonly schema: SettingsSchema;
  /** Its own values of these. */
  readonly values: Settings;
  /** What all of its entries in a file of weights begin with. */
  readonly prefix: string;
  /** The meaning of its entries in a file of weights. */
  readonly stateDict: Pick<
    StateDictLayout,
    'rowsOfClass' | 'isPredictor' | 'isKeypointPredictor' | 'numKeypoints'
  >;
}

/** What a head is made with. */
export interface RoiHeadOptions {
  /** Of the feature pyramid. */
  readonly channels: number;
  /** Makes the norms of a model that has norms in its heads; undefined for one that has none. */
  readonly normalization: NormalizationFactory | undefined;
  /** What the detector says of itself: its categories, its keypoints. */
  readonly traits: DetectorTraits;
  /** When gradients are taken. */
  readonly headGradients: HeadGradients | undefined;
  /** Of the initial weights. */
  readonly random: RandomStream;
}

/** The settings that heads add to those of their model. */
export type SettingsOf<Heads extends readonly RoiHeadTraits[]> = Heads extends readonly [
  RoiHeadTraits<infer Settings>,
  ...infer Others extends readonly RoiHeadTraits[],
]
  ? Settings & SettingsOf<Others>
  : unknown;

/** The schema of a model's settings with those of its heads. */
export function schemaWith(schema: SettingsSchema, heads: readonly RoiHeadTraits[]): SettingsSchema {
  return heads.reduce((all, head) => withSettings<object>(all, head.schema) as SettingsSchema, schema);
}

/** The values of a model's settings with those of its heads. */
export function valuesWith<Values extends SettingValues, const Heads extends readonly RoiHeadTraits[]>(
  values: Values,
  heads: Heads,
): Values & SettingsOf<Heads> {
  const all = heads.reduce<SettingValues>((sum, head) => withSettings(sum, head.values), values);
  return all as Values & SettingsOf<Heads>;
}

/** The meaning of a file's entries, those of heads among them. */
export function stateDictWith(layout: StateDictLayout, heads: readonly RoiHeadTraits[]): StateDictLayout {
  const parts = [layout, ...heads.map(({ stateDict }) => stateDict)];
  return {
    ...layout,
    rowsOfClass: (...place) => parts.flatMap((part) => part.rowsOfClass(...place)),
    isPredictor: (entry) => parts.some((part) => part.isPredictor(entry)),
    isKeypointPredictor: (entry) => parts.some((part) => part.isKeypointPredictor?.(entry)),
    headOf: (entry) => heads.find(({ prefix }) => entry.startsWith(prefix))?.needs,
    numKeypoints: (entries) => {
      const counts = parts.flatMap((part) => part.numKeypoints?.(entries) ?? []);
      return counts[0];
    },
  };
}
