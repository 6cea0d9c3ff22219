import { textTable } from '../../../datasets/text-table';
import type { Detector } from '../../../detection/modeling/detector';
import { paddedSize } from '../../../detection/structures/resize';
import { stepBytes } from '../../memory/step-bytes';
import { residentPeak, type TrainingState } from '../../memory/training-memory';
import { formatBytes } from '../../terminal/format-bytes';

/** What fits of one size of pictures. */
export interface Fit {
  /** Of a padded picture. */
  readonly height: number;
  readonly width: number;
  /** Images of a batch at most; 0 where not even one fits. */
  readonly images: number;
  /** Resident peak with so many; with one, where none fits. */
  readonly bytes: number;
}

/** Shorter sides that people train with, pixels; pictures are 4:3. */
const MIN_SIZES = [320, 480, 640, 800];
const PROPORTIONS = 4 / 3;

/** More than any training wants. */
const MOST_IMAGES = 1024;

/** The largest batch of each size of pictures that a training of a detector fits a limit with. */
export function largestBatches(detector: Detector, limitBytes: number, state: TrainingState): Fit[] {
  const { resize, sizeDivisor } = detector.input;
  const sizes =
    resize.kind === 'fixed'
      ? [{ height: resize.height, width: resize.width }]
      : MIN_SIZES.map((side) => ({ height: side, width: Math.round(side * PROPORTIONS) }));
  return sizes.map((size) => {
    const padded = paddedSize([size], sizeDivisor);
    const peakOf = (images: number): number => {
      const shape = { images, ...padded };
      return residentPeak(stepBytes(detector, shape), shape, state);
    };
    const [two, three] = [peakOf(2), peakOf(3)];
    const peak = (images: number): number => two + (images - 2) * (three - two);
    const images = Math.max(0, Math.min(MOST_IMAGES, 2 + Math.floor((limitBytes - two) / (three - two))));
    return { ...padded, images, bytes: peak(Math.max(images, 1)) };
  });
}

/** A table for the terminal. */
export function formatFits(fits: readonly Fit[]): string {
  const rows = fits.map(({ height, width, images, bytes }) => [
    `${width}x${height}`,
    images === 0 ? 'not even one' : String(images),
    formatBytes(bytes),
  ]);
  return textTable([['padded pictures', 'images of a batch', 'memory'], ...rows]).join('\n');
}
