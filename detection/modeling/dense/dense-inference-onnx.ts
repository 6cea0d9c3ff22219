import { concat, type Value } from '../../onnx/value';
import { exportBestOfLabels } from '../best-of-labels-onnx';
import { exportClip, type ExportedFound, type ExportedImages } from '../exported';
import type { BoxCoder } from '../matching/box-coder';
import type { DenseInferenceOptions } from './dense-inference';

const { fround } = Math;

/** What dense heads say of the R anchors of one level of N images in an ONNX graph. */
export interface ExportedDensePredictions {
  /** [N, R, K + 1] */
  readonly classLogits: Value;
  /** [N, R, 4] */
  readonly boxDeltas: Value;
  /** [N, R, 1] */
  readonly centerness?: Value;
}

/** Candidates of N images, best first within each level. */
interface LevelCandidates {
  /** [N, k, 4] */
  readonly boxes: Value;
  /** [N, k] */
  readonly scores: Value;
  /** int64 [N, k] */
  readonly labels: Value;
}

/**
 * `detectDensely` in an ONNX graph.
 *
 * @param levels predictions for each
 * @param anchors of each level [R, 4]
 * @param numClasses K, without the background
 */
export function exportDenseInference(
  levels: readonly ExportedDensePredictions[],
  anchors: readonly Value[],
  images: ExportedImages,
  decoder: Pick<BoxCoder, 'exportDecode'>,
  numClasses: number,
  options: DenseInferenceOptions,
): ExportedFound {
  const candidates = levels.map((predictions, level): LevelCandidates => {
    const { values, indices: pairs } = bestPairs(predictions, options.topkCandidates);
    const places = pairs.div(numClasses);
    const decoded = decoder.exportDecode(
      predictions.boxDeltas.gatherOfEach(places),
      anchors[level].gather(places, 0),
    );
    return { boxes: exportClip(decoded, images), scores: values, labels: pairs.mod(numClasses).add(1) };
  });
  const all = (name: keyof LevelCandidates): Value =>
    concat(
      candidates.map((level) => level[name]),
      1,
    );
  const [boxes, scores, labels] = [all('boxes'), all('scores'), all('labels')];
  const isCandidate = scores.greater(fround(options.scoreThreshold));
  return exportBestOfLabels({ boxes, scores, labels, isCandidate }, numClasses, options);
}

/** The best pairs of anchor and label, the background left out, and their scores: [N, k] each. */
function bestPairs(
  { classLogits, centerness }: ExportedDensePredictions,
  most: number,
): { readonly values: Value; readonly indices: Value } {
  const logits = classLogits.slice(2, 1);
  // With centerness the order is that of the scores, without one that of the logits.
  const ranked = centerness ? logits.sigmoid().mul(centerness.sigmoid()).sqrt() : logits;
  const flat = ranked.reshape([0, -1]);
  const { values, indices } = flat.topK(flat.side(1).minimum(most), 1);
  return { values: centerness ? values : values.sigmoid(), indices };
}
