import { concat, type Value } from '../../onnx/value';
import type { RoiSampling } from '../../ops/roi-pooling';
import { column } from '../exported';
import { EPSILON, EPSILON_OF_SIZES, type LevelMapperOptions } from './level-mapper';

/** What a `MultiScaleRoiAlign` is. */
interface Pooler {
  readonly outputSize: number;
  readonly sampling: RoiSampling;
  readonly scales: readonly number[] | undefined;
  readonly levelMapper: LevelMapperOptions;
}

/** `MultiScaleRoiAlign.exportTo`: [N * K, C, size, size] of boxes [N, K, 4]. */
export function exportMultiScaleRoiAlign(
  features: readonly Value[],
  boxes: Value,
  height: Value,
  { outputSize, sampling, scales: given, levelMapper }: Pooler,
): Value {
  const { graph } = boxes;
  const rois = boxes.reshape([-1, 4]);
  const sides = [boxes.side(0), boxes.side(1)];
  const images = boxes.side(0).range().unsqueeze(1).expand(sides).reshape([-1]);

  // 1. The scale 2^-k of each level; a whole k.
  const exponents = given
    ? given.map((scale) => graph.constant([Math.round(Math.log2(scale))], 'float32'))
    : features.map((feature) => log2(feature.side(2).cast('float32').div(height)).round());
  const levels = exportLevels(rois, exponents, levelMapper);

  // 2. Each level pools its own.
  const parts = features.map((feature, level) => {
    const own = levels.equal(level).whereTrue();
    const onMap = rois.gather(own, 0).mul(exponents[level].asPowerOf(2));
    const pooled = feature.op('RoiAlign', [onMap, images.gather(own, 0)], {
      output_height: outputSize,
      output_width: outputSize,
      sampling_ratio: sampling.samplesPerBin === 'adaptive' ? 0 : sampling.samplesPerBin,
      coordinate_transformation_mode: sampling.aligned ? 'half_pixel' : 'output_half_pixel',
    });
    return { own, pooled };
  });

  // 3. In the order of the boxes.
  const order = concat(
    parts.map(({ own }) => own),
    0,
  );
  const rowOf = order.op('ScatterElements', [order, order.side(0).range()], { axis: 0 });
  const pooled = concat(
    parts.map((part) => part.pooled),
    0,
  );
  return pooled.gather(rowOf, 0);
}

/** `LevelMapper.levels` of rois [R, 4]: float32 [R]. @param exponents of each level, [1] */
function exportLevels(
  rois: Value,
  exponents: readonly Value[],
  { canonicalScale, canonicalLevel, rounding }: LevelMapperOptions,
): Value {
  const [width, height] = [0, 1].map((axis) => column(rois, axis + 2).sub(column(rois, axis)));
  const size = width.mul(height).sqrt().div(canonicalScale);
  const [finest, coarsest] = [exponents[0], exponents.at(-1)!].map((exponent) => exponent.mul(-1));
  const k =
    rounding === 'detectron2'
      ? log2(size.add(EPSILON_OF_SIZES)).add(canonicalLevel)
      : log2(size).add(canonicalLevel).add(EPSILON);
  return k.floor().maximum(finest).minimum(coarsest).sub(finest);
}

/** ONNX has the natural logarithm alone. */
function log2(x: Value): Value {
  return x.cast('float64').log().mul(Math.LOG2E).cast('float32');
}
