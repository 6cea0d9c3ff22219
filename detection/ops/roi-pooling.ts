import type { Boxes } from '../structures/boxes';

/** Regions of interest on one feature map. */
export interface Rois {
  /** R boxes in pixels of the (resized, padded) image. */
  readonly boxes: Boxes;
  /** [R], the image of the batch that each box lies in. */
  readonly imageIndices: Int32Array;
}

/**
 * How a region is sampled: where its pixels are, and how many samples along each side a bin takes the mean of, as many as it
 * has pixels of the map if `adaptive`.
 */
export interface RoiSampling {
  /** Whether a pixel's value lies in the middle of the pixel: half a pixel less than in the first ROIAlign. */
  readonly aligned: boolean;
  /** Samples along each side of a bin. */
  readonly samplesPerBin: number | 'adaptive';
}

/** torchvision's detectors: aligned=False, sampling_ratio=2. */
export const TORCHVISION_SAMPLING: RoiSampling = { aligned: false, samplesPerBin: 2 };
/** detectron2's ROIAlignV2: aligned=True, sampling_ratio=0. */
export const DETECTRON2_SAMPLING: RoiSampling = { aligned: true, samplesPerBin: 'adaptive' };

/** How ROIs are pooled from one map. */
export interface RoiPooling {
  /** Side of the map by side of the image. */
  readonly scale: number;
  /** Height and width of a pooled ROI. */
  readonly size: number;
  /** Where samples are taken. */
  readonly sampling: RoiSampling;
}
