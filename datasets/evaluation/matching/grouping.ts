import { groupBy } from '../../group-by';

/** Indices into ground truth or detections, each category's in one stretch, in it each image's in one stretch. */
export interface Grouped {
  readonly order: Int32Array;
  /** [K + 1]: category k has order[starts[k]] to order[starts[k + 1]]. */
  readonly starts: Int32Array;
}

/** Sorts `order` by the keys (0..numKeys - 1) of its items; equal keys keep their order. */
export function sortByKey(order: Int32Array, keys: Int32Array, numKeys: number): Grouped {
  const starts = new Int32Array(numKeys + 1);
  for (const item of order) starts[keys[item] + 1]++;
  for (let key = 0; key < numKeys; key++) starts[key + 1] += starts[key];
  const next = starts.slice();
  const sorted = new Int32Array(order.length);
  for (const item of order) sorted[next[keys[item]]++] = item;
  return { order: sorted, starts };
}

/** Highest score first; equal scores keep their order, as numpy's mergesort. */
export function sortByScore(order: Int32Array, scores: Float64Array): Int32Array {
  return Int32Array.from(order.keys())
    .sort((a, b) => scores[order[b]] - scores[order[a]] || a - b)
    .map((position) => order[position]);
}

/** Indices of items by image id, in their order. */
export function indicesByImage<T>(
  items: readonly T[],
  imageIdOf: (item: T) => number,
): Map<number, number[]> {
  return groupBy(items.keys(), (index) => imageIdOf(items[index]));
}

/**
 * Walks the images of one category that have ground truth or detections, in the order of their indices.
 * The arguments of `visit` are ranges of positions in the two orders.
 */
export function forEachImage(
  category: number,
  truths: Grouped,
  truthImages: Int32Array,
  detections: Grouped,
  detectionImages: Int32Array,
  visit: (truthStart: number, truthEnd: number, detectionStart: number, detectionEnd: number) => void,
): void {
  let truth = truths.starts[category];
  let detection = detections.starts[category];
  const lastTruth = truths.starts[category + 1];
  const lastDetection = detections.starts[category + 1];
  while (truth < lastTruth || detection < lastDetection) {
    const truthImage = truth < lastTruth ? truthImages[truths.order[truth]] : Infinity;
    const detectionImage =
      detection < lastDetection ? detectionImages[detections.order[detection]] : Infinity;
    const image = Math.min(truthImage, detectionImage);
    const [truthStart, detectionStart] = [truth, detection];
    while (truth < lastTruth && truthImages[truths.order[truth]] === image) truth++;
    while (detection < lastDetection && detectionImages[detections.order[detection]] === image) detection++;
    visit(truthStart, truth, detectionStart, detection);
  }
}
