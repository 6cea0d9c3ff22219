import type { Value } from '../../onnx/value';
import { exportBestOfLabels } from '../best-of-labels-onnx';
import { exportClip, type ExportedFound, type ExportedImages } from '../exported';
import type { BoxCoder } from '../matching/box-coder';
import type { DenseInferenceOptions } from './dense-inference';
import type { ExportedDensePredictions } from './dense-inference-onnx';

const { fround } = Math;

/**
 * `ssdCandidates` and what is left of them, in an ONNX graph.
 *
 * @param anchors [R, 4]
 * @param numClasses K, without the background
 */
export function exportSsdInference(
  { classLogits, boxDeltas }: ExportedDensePredictions,
  anchors: Value,
  images: ExportedImages,
  boxCoder: BoxCoder,
  numClasses: number,
  options: DenseInferenceOptions,
): ExportedFound {
  // The best of each label: [N, K, k].
  const byLabel = classLogits.softmax(2).slice(2, 1).transpose([0, 2, 1]);
  const count = byLabel.side(2).minimum(options.topkCandidates);
  const best = byLabel.topK(count, 2);
  const [scores, places] = [best.values, best.indices].map((values) => values.reshape([0, -1]));
  const ofClasses = scores.graph.constant(
    Array.from({ length: numClasses }, (_, k) => k + 1),
    'int64',
  );
  const labelsOfImage = ofClasses.unsqueeze(1).expand([numClasses, count]).reshape([1, -1]);
  const labels = labelsOfImage.expand([scores.side(0), 1]);
  const decoded = boxCoder.exportDecode(boxDeltas.gatherOfEach(places), anchors.gather(places, 0));
  const boxes = exportClip(decoded, images);
  const isCandidate = scores.greater(fround(options.scoreThreshold));
  return exportBestOfLabels({ boxes, scores, labels, isCandidate }, numClasses, options);
}
