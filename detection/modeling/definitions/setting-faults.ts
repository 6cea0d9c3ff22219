import type { SettingFault } from '../settings';

/** What is wrong with anchor sizes of a model whose levels have these strides, and share one head. */
export function anchorSizeFaults(
  sizes: readonly (readonly number[])[],
  strides: readonly number[],
): SettingFault[] {
  const fault = (reason: string): SettingFault => ({ setting: 'anchors.sizes', reason });
  if (sizes.length !== strides.length) {
    const levels = `${strides.length}, of strides ${strides.join(', ')}`;
    return [fault(`is of ${sizes.length} levels, but the model has ${levels}`)];
  }
  const hasOneLength = new Set(sizes.map(({ length }) => length)).size === 1;
  return hasOneLength ? [] : [fault('must have as many sizes on every level: all levels share one head')];
}

/** What is wrong with the overlaps of a matcher. @param section that has them */
export function overlapFaults(
  section: string,
  { fgIouThreshold, bgIouThreshold }: { readonly fgIouThreshold: number; readonly bgIouThreshold: number },
): SettingFault[] {
  if (bgIouThreshold <= fgIouThreshold) return [];
  return [
    {
      setting: `${section}.bgIouThreshold`,
      reason: `is ${bgIouThreshold}, above ${section}.fgIouThreshold, ${fgIouThreshold}`,
    },
  ];
}
