import { readFileSync } from 'node:fs';
import type { CompressedRle } from '../../../datasets/coco/masks/rle';
import { sharedPath } from '../../shared';

interface PasteCase {
  name: string;
  mask_size: number;
  k: number;
  box: number[];
  image: [height: number, width: number];
  mask?: string[];
  rle?: CompressedRle;
  near_half?: number;
}

interface TargetCase {
  size: number;
  boxes: number[][];
  mask_of_box: number[];
  sums: number[];
  targets: number[][][] | null;
  rows: number[][][] | null;
  rows_are: number[] | null;
}

/** torchvision's numbers of the operations of a mask head. */
export interface MaskGolden {
  paste: { cases: PasteCase[] };
  mask_targets: { masks: string[][]; cases: TargetCase[] };
}

export function loadMaskGolden(): MaskGolden {
  return JSON.parse(readFileSync(sharedPath('golden/golden_mask_ops.json'), 'utf8')) as MaskGolden;
}
