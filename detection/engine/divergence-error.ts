/** A loss is NaN or infinite. No parameter has been updated by the step that found it. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';

  constructor(
    /** The step, counted from 1. */
    readonly iteration: number,
    /** All losses of the step. */
    readonly losses: Readonly<Record<string, number>>,
    readonly learningRate: number,
    /** What the step was given, in the caller's words: image ids, say. */
    readonly batch: string | undefined,
  ) {
    const values = Object.entries(losses).map(([name, value]) => `${name} ${value}`);
    super(
      `training diverged in iteration ${iteration}: ${values.join(', ')} (learning rate ${learningRate}` +
        `${batch === undefined ? '' : `; batch: ${batch}`}). A lower learning rate, a longer warm-up or gradient ` +
        `clipping may help; if it is always the same batch, look at its boxes.`,
    );
  }
}
