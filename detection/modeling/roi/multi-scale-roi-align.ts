import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { noGradient, recordOperation } from '../../nn/tfjs-internals';
import { concatFreeing, inOrder, roiAlignForward, roiAlignGradient } from '../../ops/roi-align';
import { roiChunks } from '../../ops/roi-chunks';
import { TORCHVISION_SAMPLING, type RoiPooling, type Rois, type RoiSampling } from '../../ops/roi-pooling';
import { concatBoxes, numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Size } from '../../structures/size';
import { LevelMapper, type LevelMapperOptions } from './level-mapper';
import { exportMultiScaleRoiAlign } from './multi-scale-roi-align-onnx';

/** ROIs of one level, and where they stand among all. */
interface Level extends Rois {
  readonly indices: Int32Array;
  readonly scale: number;
}

/**
 * torchvision's MultiScaleRoIAlign: each ROI is pooled from the level that its size belongs to. One node of the
 * tape, which saves nothing but the boxes.
 */
export class MultiScaleRoiAlign {
  /**
   * A pooler; it has no parameters.
   *
   * @param levelMapper which level a box is pooled from
   * @param sampling how; torchvision's if left out
   * @param scales of the levels that are pooled from; if left out, all but the coarsest are, the pool level, and their scales are
   *   inferred from the sizes of maps and images, as torchvision does
   */
  constructor(
    /** Height and width of a pooled ROI. */
    readonly outputSize: number,
    private readonly levelMapper: LevelMapperOptions,
    private readonly sampling: RoiSampling = TORCHVISION_SAMPLING,
    private readonly scales?: readonly number[],
  ) {}

  /**
   * @param allFeatures [N, H, W, C] of each level, finest first; levels that nothing is pooled from come last.
   * @param boxes of each image, in pixels of the resized image.
   * @param imageSizes after resizing, before padding.
   * @returns [R, size, size, C] in the order of the images and of their boxes. The caller disposes.
   */
  forward(
    allFeatures: readonly tf.Tensor4D[],
    boxes: readonly Boxes[],
    imageSizes: readonly Size[],
  ): tf.Tensor4D {
    const features = allFeatures.slice(0, this.scales?.length ?? -1);
    const levels = this.assign(features, boxes, imageSizes);
    const used = levels.map((_, level) => level).filter((level) => levels[level].indices.length > 0);
    if (used.length === 0) return tf.zeros([0, this.outputSize, this.outputSize, features[0].shape[3]]);
    // Pooled level by level, in chunks; `order` says which ROI each row is.
    const parts = used.map((level) => ({
      level,
      pooling: this.pooling(levels[level]),
      chunks: roiChunks(levels[level], this.pooling(levels[level])),
    }));
    const order = Int32Array.from(
      parts.flatMap(({ level, chunks }) =>
        chunks.flatMap(({ rows }) => [...rows].map((row) => levels[level].indices[row])),
      ),
    );
    const output = noGradient(() =>
      tf.tidy(() => {
        const pooled = parts.flatMap(({ level, pooling, chunks }) =>
          roiAlignForward(features[level], levels[level], pooling, chunks),
        );
        return inOrder(concatFreeing(pooled), order);
      }),
    );
    const shapes = features.map((feature) => feature.shape);
    const inputs = Object.fromEntries(used.map((level) => [`feature${level}`, features[level]]));
    recordOperation('MultiScaleRoiAlign', inputs, output, [], (dy) =>
      Object.fromEntries(
        parts.map(({ level, pooling }) => [
          `feature${level}`,
          () =>
            roiAlignGradient(dy as tf.Tensor4D, levels[level].indices, levels[level], pooling, shapes[level]),
        ]),
      ),
    );
    return output;
  }

  /**
   * The same in an ONNX graph.
   *
   * @param allFeatures [N, C, H, W] of each level, finest first; levels that nothing is pooled from come last.
   * @param boxes [N, K, 4]
   * @param height of the images: float32 [1]
   * @returns [N * K, C, size, size]
   */
  exportTo(allFeatures: readonly Value[], boxes: Value, height: Value): Value {
    const { outputSize, sampling, scales, levelMapper } = this;
    const features = allFeatures.slice(0, scales?.length ?? -1);
    return exportMultiScaleRoiAlign(features, boxes, height, { outputSize, sampling, scales, levelMapper });
  }

  private pooling({ scale }: Level): RoiPooling {
    return { scale, size: this.outputSize, sampling: this.sampling };
  }

  private assign(
    features: readonly tf.Tensor4D[],
    boxes: readonly Boxes[],
    imageSizes: readonly Size[],
  ): Level[] {
    // torchvision infers the scales from the heights alone, and rounds them to powers of two.
    const height = Math.max(...imageSizes.map((size) => size.height));
    const scales =
      this.scales ?? features.map((feature) => 2 ** Math.round(Math.log2(feature.shape[1] / height)));
    const mapper = new LevelMapper(scales, this.levelMapper);
    const all = concatBoxes(boxes);
    const imageOf = Int32Array.from(
      boxes.flatMap((list, image) => Array<number>(numBoxes(list)).fill(image)),
    );
    const levelOf = mapper.levels(all);
    return scales.map((scale, level) => {
      const indices = Int32Array.from([...levelOf.keys()].filter((roi) => levelOf[roi] === level));
      return {
        indices,
        scale,
        boxes: selectBoxes(all, indices),
        imageIndices: indices.map((roi) => imageOf[roi]),
      };
    });
  }
}
