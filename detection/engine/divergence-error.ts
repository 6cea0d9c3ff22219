/** What a step found that cannot be learned from. */
export interface DivergedStep {
  /** The step, counted from 1. */
  readonly iteration: number;
  /** All losses of the step. */
  readonly losses: Readonly<Record<string, number>>;
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** What the step was given, in the caller's words: image ids, say. */
  readonly batch: string | undefined;
  /** The L2 norm of each gradient, by the name of its parameter. */
  readonly gradientNorms: Readonly<Record<string, number>>;
}

/** As many gradients as a message lists of one kind. */
const LISTED_GRADIENTS = 3;

/** A loss or a gradient is NaN or infinite. The step that found it has updated nothing. */
export class DivergenceError extends Error {
  /** Name of the class. */
  override readonly name = 'DivergenceError';

  /** @internal @param remark ends the message: what somebody has done about it, or may do. */
  constructor(
    /** The step that diverged. */
    readonly step: DivergedStep,
    remark = '',
  ) {
    const { iteration, losses, learningRate, batch, gradientNorms } = step;
    const values = Object.entries(losses).map(([name, value]) => `${name} ${rounded(value)}`);
    super(
      `training diverged in iteration ${iteration}: ${values.join(', ')} (learning rate ${rounded(learningRate)}` +
        `${batch === undefined ? '' : `; batch: ${batch}`}).${describeGradients(gradientNorms)} A lower learning rate, ` +
        `a longer warm-up or gradient clipping may help; if it is always the same batch, look at its boxes.${remark && ` ${remark}`}`,
    );
  }
}

/** To six digits: 452.55 instead of 452.54999999999995. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function describeGradients(norms: Readonly<Record<string, number>>): string {
  const entries = Object.entries(norms);
  const broken = entries.filter(([, norm]) => !Number.isFinite(norm));
  const largest = entries.filter(([, norm]) => Number.isFinite(norm)).sort(([, a], [, b]) => b - a);
  const listed = (some: readonly [string, number][]): string =>
    some
      .slice(0, LISTED_GRADIENTS)
      .map(([name, norm]) => `${name} ${Number.isFinite(norm) ? norm.toPrecision(3) : norm}`)
      .join(', ') + (some.length > LISTED_GRADIENTS ? ', ...' : '');
  const parts = [
    ...(broken.length > 0
      ? [`${broken.length} of ${entries.length} gradients are not finite: ${listed(broken)}`]
      : []),
    ...(largest.length > 0 ? [`norms of the largest gradients: ${listed(largest)}`] : []),
  ];
  return parts.length > 0 ? ` ${parts.join('; ')}.` : '';
}
