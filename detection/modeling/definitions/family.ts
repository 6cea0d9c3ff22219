import type { HeadGradients } from '../../nn/head-losses';
import type { Boxes } from '../../structures/boxes';
import { cocoPersonKeypoints } from '../../structures/keypoint-layout';
import type { Size } from '../../structures/size';
import type { Detector, DetectorOptions, ModelDefinition } from '../detector';
import type { DetectorTraits } from '../detector-module';
import { featureSizes } from '../rpn/anchor-generator';
import {
  withSettings,
  type ModelSettings,
  type SettingFault,
  type SettingValues,
  type SettingsSchema,
  type DeepPartial,
} from '../settings';
import { completeOptions, withoutUndefined, type CompleteOptions } from './complete-options';

/** What tells one model of a family from another, beside its settings. */
export interface FamilyConfiguration {
  /** Of the levels that the heads look at, pixels of the resized image. */
  readonly strides: readonly number[];
}

/** What is given to who builds a model of a family. */
export type FamilyOptions<Configuration, Settings> = DetectorOptions &
  Partial<Configuration> & {
    /** Some of the model's settings, or all; its own where left out. */
    readonly settings?: DeepPartial<Settings>;
  };

/** A model of a family. */
export interface FamilyDefinition<
  Configuration,
  Settings extends SettingValues,
  Built extends Detector,
> extends ModelDefinition<FamilyOptions<Configuration, Settings>, Built> {
  readonly settings: ModelSettings<Settings>;
  /** What its options change beside these. */
  readonly configuration: Configuration;
}

/** All that a detector is put together from. */
export interface Assembly<Configuration, Settings> extends CompleteOptions {
  readonly traits: DetectorTraits;
  readonly configuration: Configuration;
  /** They go together. */
  readonly settings: Settings;
  readonly headGradients: HeadGradients | undefined;
}

/** What the models of a family have in common. */
export interface Family<
  Configuration extends FamilyConfiguration,
  Settings extends SettingValues,
  Built extends Detector,
> {
  readonly schema: SettingsSchema;
  /** What does not go together among settings, or not with the model, or with the number of classes where that is known. */
  faults(settings: Settings, configuration: Configuration, numClasses: number | undefined): SettingFault[];
  /** Lays out anchors; absent of a family that has none. */
  anchorGenerator?(settings: Settings): { anchors(padded: Size, featureSizes: readonly Size[]): Boxes[] };
  assemble(assembly: Assembly<Configuration, Settings>): Built;
}

/** What a model says of itself, beside what it is made of. */
export type Traits = Pick<ModelDefinition, 'name' | 'stages' | 'pretrainedNorm' | 'input' | 'stateDict'> &
  Partial<Pick<ModelDefinition, 'trainedStages' | 'trainMinSizes' | 'smallestBatch' | 'published' | 'needs'>>;

/** Defines a model of a family. @param values of its settings */
export function familyModel<
  Configuration extends FamilyConfiguration,
  Settings extends SettingValues,
  Built extends Detector,
>(
  family: Family<Configuration, Settings, Built>,
  traits: Traits,
  configuration: Configuration,
  values: Settings,
): FamilyDefinition<Configuration, Settings, Built> {
  const settingsWith = (changes: DeepPartial<Settings> | undefined): Settings =>
    changes ? withSettings(values, changes) : values;
  const definition: FamilyDefinition<Configuration, Settings, Built> = {
    needs: [],
    published: {},
    ...traits,
    settings: {
      schema: family.schema,
      values,
      faults: (given, numClasses) => family.faults(given, configuration, numClasses),
    },
    configuration,
    ...(family.anchorGenerator && {
      anchors: (padded: Size, changes?: SettingValues) =>
        family.anchorGenerator!(settingsWith(changes as DeepPartial<Settings> | undefined)).anchors(
          padded,
          featureSizes(padded, configuration.strides),
        ),
    }),
    build: (options) => {
      const own = options.definition ?? definition;
      const complete = completeOptions(options, own);
      const changed: Configuration = { ...configuration, ...withoutUndefined(options) };
      const settings = settingsWith(options.settings);
      const [fault] = family.faults(settings, changed, complete.categories.length);
      if (fault) throw new RangeError(`${fault.setting} ${fault.reason}`);
      return family.assemble({
        ...complete,
        traits: {
          definition: own,
          input: options.input ?? own.input,
          categories: complete.categories,
          settings,
          ...(own.needs.includes('keypoints') && { keypoints: options.keypoints ?? cocoPersonKeypoints }),
        },
        configuration: changed,
        settings,
        headGradients: options.headGradients,
      });
    },
  };
  return definition;
}
