import { concat, forEachIndex, type Value } from '../onnx/value';
import { A } from './cubic-enlargement';

/**
 * `heatmapsToKeypoints` in an ONNX graph. The bicubic enlargement of a heatmap is a matrix product along each side.
 *
 * @param heatmaps [R, K, size, size]
 * @param boxes [R, 4]
 * @returns keypoints [R, K, 3] and scores [R, K]
 */
export function exportHeatmapsToKeypoints(
  heatmaps: Value,
  boxes: Value,
  size: number,
): { readonly keypoints: Value; readonly scores: Value } {
  const [keypoints, scores] = forEachIndex(boxes.side(0), (object) => {
    const [heatmap, box] = [heatmaps.gather(object, 0), boxes.gather(object, 0)];
    const [x, y] = [0, 1].map((axis) => {
      const start = box.slice(0, axis, axis + 1);
      const length = box
        .slice(0, axis + 2, axis + 3)
        .sub(start)
        .maximum(1);
      const pixels = length.ceil();
      return {
        start,
        pixel: length.div(pixels),
        count: pixels.cast('int64'),
        matrix: enlargement(pixels, size),
      };
    });
    const enlarged = y.matrix.op('MatMul', [heatmap]).op('MatMul', [x.matrix.transpose([1, 0])]);
    const { values, indices } = enlarged.op('Flatten').topK(object.graph.constant([1], 'int64'), 1);
    const [column, row] = [indices.mod(x.count), indices.div(x.count)].map((index) =>
      index.cast('float32').add(0.5),
    );
    const places = [column.mul(x.pixel).add(x.start), row.mul(y.pixel).add(y.start)];
    const seen = places[0].mul(0).add(1);
    return [concat([...places, seen], 1), values.squeeze(1)];
  });
  return { keypoints, scores };
}

/** What enlarges `size` values to so many pixels, torch's bicubic interpolation: [pixels, size]. @param pixels float32 [1] */
function enlargement(pixels: Value, size: number): Value {
  const { graph } = pixels;
  const scale = graph.constant([size], 'float32').div(pixels);
  const source = pixels.cast('int64').range().cast('float32').add(0.5).mul(scale).sub(0.5);
  const base = source.floor().minimum(size - 1);
  const t = source.sub(base);
  const opposite = t.mul(-1).add(1);
  const weights = [far(t.add(1)), near(t), near(opposite), far(opposite.add(1))];
  const columns = graph.constant(
    Array.from({ length: size }, (_, column) => column),
    'float32',
  );
  const parts = weights.map((weight, tap) => {
    const place = base
      .add(tap - 1)
      .maximum(0)
      .minimum(size - 1);
    return place.unsqueeze(1).equal(columns).cast('float32').mul(weight.unsqueeze(1));
  });
  return parts.reduce((sum, part) => sum.add(part));
}

/** Weight of a value up to 1 away. */
function near(distance: Value): Value {
  return distance
    .mul(A + 2)
    .sub(A + 3)
    .mul(distance)
    .mul(distance)
    .add(1);
}

/** Weight of a value 1 to 2 away. */
function far(distance: Value): Value {
  return distance.sub(5).mul(distance).add(8).mul(distance).sub(4).mul(A);
}
