import type { z } from 'zod';

/** Whether `bestMetric` is a loss, or the sum of all, whatever losses the model has: all else in an evaluation is AP or AR. */
function isValidationLoss(metric: string): boolean {
  return metric.startsWith('val/') && !/^val\/(segm\/|keypoints\/)?A[PR]/.test(metric);
}

/** What depends on one another in a training configuration. */
interface Related {
  readonly bestMetric: string;
  readonly validationLoss: boolean;
  readonly earlyStopping: { readonly patience: number | null };
  readonly evaluateEvery: number | null;
  readonly iterations: number | null;
  readonly epochs: number | null;
  readonly data: { readonly valAnnotations: string | null; readonly valImages: string | null };
}

/**
 * Refuses values that do not go together, as far as it can be told without the data. That there is a validation set at all
 * cannot: a configuration may be checked before its data is named.
 */
export function requireConsistency(
  { bestMetric, validationLoss, earlyStopping, evaluateEvery, iterations, epochs, data }: Related,
  context: z.RefinementCtx,
): void {
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  if ((data.valAnnotations === null) !== (data.valImages === null)) {
    const given = data.valAnnotations === null ? 'valImages' : 'valAnnotations';
    refuse(['data', given], '--val-annotations and --val-images belong together: give both or neither');
  }
  if (earlyStopping.patience !== null && evaluateEvery === null) {
    refuse(['earlyStopping', 'patience'], 'it needs evaluations during the run: set evaluateEvery, too');
  }
  if (iterations !== null && epochs !== null) {
    refuse(['epochs'], 'iterations also sets the length of the training; remove one of them');
  }
  if (isValidationLoss(bestMetric) && !validationLoss) {
    refuse(['bestMetric'], `${bestMetric} needs validation losses: set validationLoss to true`);
  }
}
