import { isDeepStrictEqual } from 'node:util';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { KnownDetector } from '../../weights/detectors/detector-metadata';
import { unnamedCategories } from '../../weights/detectors/unnamed-categories';
import { unnamedKeypoints } from '../../weights/detectors/unnamed-keypoints';

/**
 * What PyTorch's format has no place for, of what is known of a detector: with which options it is to be used, and what no
 * option sets. A line each.
 */
export function lostInPytorch(known: KnownDetector): string[] {
  const { definition, options, categories, scoreThresholds } = known;
  const { epsilon, input = definition.input, settings = {} } = options;
  const { resize } = input;
  const said = [
    `--model ${definition.name}`,
    ...(resize.kind === 'shorter-side' ? [`--min-size ${resize.minSize} --max-size ${resize.maxSize}`] : []),
    ...(epsilon === undefined ? [] : [`--norm-epsilon ${epsilon}`]),
  ];
  const { keypoints } = options;
  const unnamed = unnamedKeypoints(keypoints?.names.length);
  const areKeypointsKnown = isDeepStrictEqual(keypoints, unnamed);
  const areNamesKnown = isDeepStrictEqual(
    categories,
    unnamedCategories(
      categories.length,
      areKeypointsKnown ? unnamed : undefined,
      definition.stateDict.cocoLabels,
    ),
  );
  const lostNames = [
    ...(areNamesKnown ? [] : [', the names of categories']),
    ...(areKeypointsKnown ? [] : [', what its keypoints are']),
  ];
  return [
    `PyTorch’s format has no place for the model${lostNames.join('')} and the size of pictures; ` +
      `use it with ${said.join(' ')}`,
    ...(areNamesKnown
      ? []
      : [
          'rcnn detect numbers its categories; rcnn evaluate takes its labels for the ids of the data set, or their order',
        ]),
    ...(scoreThresholds === undefined
      ? []
      : [
          `its score thresholds (${scoreThresholds.goal}) are lost, and rcnn detect --score-threshold auto needs them; ` +
            'a .safetensors file keeps them',
        ]),
    ...(isDeepStrictEqual(withoutSides(input), withoutSides(definition.input))
      ? []
      : [
          `it takes pictures in another way than the model by default, and no option sets that: ${JSON.stringify(input)}`,
        ]),
    ...(Object.keys(settings).length === 0
      ? []
      : [
          `its settings differ from the model's defaults, and no option sets them: ${JSON.stringify(settings)}`,
        ]),
  ];
}

/** What the options for the size of pictures do not set. */
function withoutSides({ resize, ...others }: InputSpec): object {
  return { ...others, resize: resize.kind === 'fixed' ? resize : resize.kind };
}
