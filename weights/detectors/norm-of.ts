import type { ModelDefinition, NormName } from '../../detection/modeling/detector';

/** Running statistics tell batch norm from group norm; its counter, one that was trained from a frozen one. */
export function normOf({ stateDict }: ModelDefinition, entries: readonly string[]): NormName {
  const hasInBackbone = (suffix: string): boolean =>
    entries.some((entry) => stateDict.isBackbone(entry) && entry.endsWith(suffix));
  if (hasInBackbone('.num_batches_tracked')) return 'batch';
  return hasInBackbone('.running_mean') ? 'frozen' : 'group';
}
