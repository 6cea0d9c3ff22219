/**
 * How often each image is to come, so that rare categories are seen more often: detectron2's
 * RepeatFactorTrainingSampler.repeat_factors_from_category_frequency (Gupta, Dollár, Girshick: LVIS, 2019).
 *
 * 1. The frequency f of a category is the share of the images that it occurs in.
 * 2. The repeat factor of a category is max(1, sqrt(threshold / f)).
 * 3. That of an image is the largest of its categories', and 1 without any.
 *
 * @param labels of the objects of each image
 * @param threshold frequency below which a category is seen more often
 */
export function repeatFactors(labels: readonly Int32Array[], threshold: number): Float64Array {
  const imagesWith = new Map<number, number>();
  for (const ofImage of labels) {
    for (const label of new Set(ofImage)) imagesWith.set(label, (imagesWith.get(label) ?? 0) + 1);
  }
  const factorOf = new Map<number, number>();
  for (const [label, count] of imagesWith) {
    factorOf.set(label, Math.max(1, Math.sqrt(threshold / (count / labels.length))));
  }
  return Float64Array.from(labels, (ofImage) =>
    ofImage.reduce((largest, label) => Math.max(largest, factorOf.get(label) ?? 1), 1),
  );
}
