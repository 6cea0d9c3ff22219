import { Graph } from '../onnx/graph';
import { concat, type Value } from '../onnx/value';
import type { Detector } from './detector';
import { exportInput } from './export-input';
import type { ExportedMasks } from './exported';
import { NotExportableError } from './not-exportable-error';

/** A detector as an ONNX graph. */
export interface DetectorGraph {
  /** From pictures to objects. */
  readonly graph: Graph;
  /** How masks go into the picture; absent where the detector finds none. */
  readonly masks?: Pick<ExportedMasks, 'side' | 'threshold' | 'pasting'>;
}

/**
 * The whole of a detector as an ONNX graph, opset 17: what `detect` does, but that masks stay squares of their boxes.
 *
 * In: `images`, uint8 [batch, height, width, 3], RGB pictures of one size. Out, in pixels of the pictures, best first: `counts`,
 * int64 [batch], how many objects each picture has; lists as long as the longest of them, `boxes` [batch, objects, 4], `scores` and
 * `labels` (int64, 1..K) [batch, objects]; `masks` [batch, objects, side, side], probabilities; `keypoints` [batch, objects, keypoints,
 * 3] and `keypoint_scores`. What is behind the end of a picture's own list means nothing.
 *
 * @param model with its weights, not prepared for inference
 * @throws NotExportableError, InferenceOnlyError
 */
export function detectorGraph(model: Detector): DetectorGraph {
  const names = new Map<object, string>();
  for (const [name, parameter] of [...model.namedParameters(), ...model.namedBuffers()])
    names.set(parameter, name);
  const graph = new Graph(names);
  const pictures = graph.input('images', 'uint8', ['batch', 'height', 'width', 3]);
  const { images, ratio } = exportInput(pictures, model.input);
  const found = model.exportTo?.(images);
  if (!found) throw new NotExportableError(model.definition.name);
  const { boxes, scores, labels, isThere, masks, keypoints } = found;

  const counts = isThere.cast('int64').sum(1).reshape([-1]);
  const longest = counts.largest(0);
  // While it is computed no list is empty, for the sake of runtimes that stumble over such.
  const list = (values: Value): Value => values.slice(1, 0, longest);
  const ofObjects = ['batch', 'objects'];
  graph.output('counts', counts, ['batch']);
  const { width, height } = ratio;
  graph.output('boxes', list(boxes.mul(concat([width, height, width, height], 0))), [...ofObjects, 4]);
  graph.output('scores', list(scores), ofObjects);
  graph.output('labels', list(labels), ofObjects);
  if (keypoints) {
    const one = graph.constant([1], 'float32');
    const inPicture = keypoints.keypoints.mul(concat([width, height, one], 0));
    const shift = graph.constant([keypoints.shift, keypoints.shift, 0], 'float32');
    graph.output('keypoints', list(inPicture.sub(shift)), [...ofObjects, keypoints.count, 3]);
    graph.output('keypoint_scores', list(keypoints.scores), [...ofObjects, keypoints.count]);
  }
  if (!masks) return { graph };
  const { probabilities, side, threshold, pasting } = masks;
  graph.output('masks', list(probabilities), [...ofObjects, side, side]);
  return { graph, masks: { side, threshold, pasting } };
}
