/**
 * N boxes as a flat [N * 4] array: x1, y1, x2, y2 of each, absolute pixels, 0-based, no +1.
 * float32, because that is what torchvision computes with and ties between overlaps depend on it.
 */
export type Boxes = Float32Array;

export function numBoxes(boxes: Boxes): number {
  return boxes.length / 4;
}
