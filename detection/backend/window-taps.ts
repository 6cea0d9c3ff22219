/** Walks over what the windows of a convolution or a pooling see of their input. */
import type * as tf from '@tensorflow/tfjs-core';

/**
 * Calls `visit` with each pixel of the output, each pixel of the input that its window covers, and the place in the window, all
 * counted row by row, images one after the other: windows in order, and the places of each in order.
 */
export function forEachTap(
  info: tf.backend_util.Conv2DInfo,
  visit: (output: number, input: number, place: number) => void,
): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = info;
  let output = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++, output++) {
        for (let v = 0; v < filterHeight; v++) {
          const row = y * strideHeight - padInfo.top + v * dilationHeight;
          if (row < 0 || row >= inHeight) continue;
          for (let u = 0; u < filterWidth; u++) {
            const column = x * strideWidth - padInfo.left + u * dilationWidth;
            if (column < 0 || column >= inWidth) continue;
            visit(output, (n * inHeight + row) * inWidth + column, v * filterWidth + u);
          }
        }
      }
    }
  }
}
