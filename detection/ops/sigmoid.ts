const { exp, fround } = Math;

/** Of one logit, rounded to float32 after each operation as a tensor is: where it saturates, scores tie. */
export function sigmoid(logit: number): number {
  return fround(1 / fround(1 + fround(exp(-logit))));
}
