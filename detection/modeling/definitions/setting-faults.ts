import type { FasterRcnnSettings } from '../faster-rcnn-defaults';
import { classWeightFaults } from '../loss-settings';
import type { SettingFault } from '../settings';

/** What is wrong with the settings of a Faster R-CNN. */
export function fasterRcnnFaults(
  { anchors, rpn, roi, losses }: FasterRcnnSettings,
  { strides }: { readonly strides: readonly number[] },
  numClasses: number | undefined,
): SettingFault[] {
  return [
    ...anchorSizeFaults(anchors.sizes, strides),
    ...overlapFaults('rpn', rpn),
    ...overlapFaults('roi', roi),
    ...classWeightFaults(losses.classWeights, numClasses),
  ];
}

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
