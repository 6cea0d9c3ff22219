import type { Detector } from './detector';
import { fasterRcnnDefaults } from './faster-rcnn-defaults';
import { isSection, withSettings, type SettingValues } from './settings';

/** How a detector thins out what it has found in an image: the last step of all families. */
export interface DetectionLimits {
  /** Overlap above which non-maximum suppression drops the worse of two detections of a label. */
  readonly nmsThreshold: number;
  /** Most detections of an image. */
  readonly detectionsPerImage: number;
}

/** The limits that a detector is configured with; torchvision's for one that has no such settings. */
export function detectionLimits({
  definition,
  settings,
}: Pick<Detector, 'definition' | 'settings'>): DetectionLimits {
  return limitsAmong(withSettings(definition.settings.values, settings)) ?? fasterRcnnDefaults.roi;
}

/** The section that has both: families call it by different names. */
function limitsAmong(values: SettingValues): DetectionLimits | undefined {
  const { nmsThreshold, detectionsPerImage } = values;
  if (typeof nmsThreshold === 'number' && typeof detectionsPerImage === 'number') {
    return { nmsThreshold, detectionsPerImage };
  }
  for (const section of Object.values(values)) {
    const found = isSection(section) ? limitsAmong(section) : undefined;
    if (found) return found;
  }
  return undefined;
}
