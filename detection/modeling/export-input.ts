import { concat, type Value } from '../onnx/value';
import type { InputSpec, ResizeSpec } from '../structures/input-spec';
import type { ExportedImages } from './exported';

/** float32 [1] each. */
interface ExportedSize {
  readonly height: Value;
  readonly width: Value;
}

/** Images as a model takes them, and by how much their original pixels are larger. */
export interface ExportedInput {
  /** As the model takes them. */
  readonly images: ExportedImages;
  /** Original side by resized side. */
  readonly ratio: ExportedSize;
}

/** `batchImages` in an ONNX graph. @param pictures uint8 [N, H, W, 3], RGB, of one size */
export function exportInput(
  pictures: Value,
  { resize, mean, std, channels, sizeDivisor }: InputSpec,
): ExportedInput {
  const { graph } = pictures;
  const [height, width] = [pictures.side(1), pictures.side(2)];
  const inOrder = channels === 'bgr' ? pictures.gather(graph.constant([2, 1, 0], 'int64'), 3) : pictures;
  const [means, deviations] = [mean, std].map((values) => graph.constant(values, 'float32'));
  const normalized = inOrder.cast('float32').div(255).sub(means).div(deviations).transpose([0, 3, 1, 2]);
  const resized = resizedSides(height, width, resize);
  const sides = [normalized.side(0), graph.constant([3], 'int64'), ...resized];
  const images = normalized.op('Resize', [undefined, undefined, concat(sides, 0)], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
  const missing = resized.map((side) =>
    side
      .add(sizeDivisor - 1)
      .div(sizeDivisor)
      .mul(sizeDivisor)
      .sub(side),
  );
  const tensor = images.op('Pad', [concat([graph.constant([0, 0, 0, 0, 0, 0], 'int64'), ...missing], 0)]);
  const [modelHeight, modelWidth] = resized.map((side) => side.cast('float32'));
  return {
    images: { tensor, height: modelHeight, width: modelWidth },
    ratio: {
      height: height.cast('float32').div(modelHeight),
      width: width.cast('float32').div(modelWidth),
    },
  };
}

/** `resizedSize`: int64 [1] each. */
function resizedSides(height: Value, width: Value, resize: ResizeSpec): [height: Value, width: Value] {
  const { graph } = height;
  if (resize.kind === 'fixed') {
    return [graph.constant([resize.height], 'int64'), graph.constant([resize.width], 'int64')];
  }
  const [h, w] = [height.cast('float64'), width.cast('float64')];
  const [least, most] = [resize.minSize, resize.maxSize].map((side) => graph.constant([side], 'float64'));
  const scale = least.div(h.minimum(w)).minimum(most.div(h.maximum(w)));
  const scaled = (side: Value): Value => side.mul(scale).floor().maximum(1).cast('int64');
  return [scaled(h), scaled(w)];
}
