import type * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Module } from '../../nn/module';
import { Body } from './body';
import { recordIf } from './record-if';

/** A module that makes a map of a map. */
export interface MapModule extends Module {
  /** x [N, H, W, in] -> [N, H', W', out]. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D;
  /** The same in an ONNX graph: x [N, in, H, W] -> [N, out, H', W']. */
  exportTo(x: Value): Value;
}

/** A layer of a chain. */
export interface BodyLayer {
  /** The layer itself; it keeps the size of the map, or divides it by `stride`. */
  readonly module: MapModule;
  /** Channels of the map that the layer returns. */
  readonly outChannels: number;
  /** By how much it divides height and width. A layer with more than 1 begins a stage. */
  readonly stride: number;
}

/** A body that is a chain of layers, as the MobileNets are. The subclass gives the layers their names. */
export abstract class LayeredBody extends Body {
  override readonly outChannels: readonly number[];

  /**
   * Freezes what is not to be trained.
   *
   * @param outputs indices of the layers whose maps `forward` returns; the last layer is the last of them.
   * @param trainableLayers of the stages from the top down, which begin at the strided layers: torchvision's
   * _mobilenet_extractor. The last layer is a stage of its own.
   */
  protected constructor(
    private readonly layers: readonly BodyLayer[],
    private readonly outputs: readonly number[],
    trainableLayers: number,
  ) {
    super();
    this.outChannels = outputs.map((index) => layers[index].outChannels);
    const strided = [...layers.keys()].filter((index) => index > 0 && layers[index].stride > 1);
    const stages = [0, ...strided, layers.length - 1];
    const firstTrained = trainableLayers === 0 ? layers.length : stages[stages.length - trainableLayers];
    for (const { module } of layers.slice(0, firstTrained)) module.freeze();
  }

  /** x [N, H, W, 3] -> the maps of `outputs`. The caller disposes (or a tidy around it). */
  forward(x: tf.Tensor4D): tf.Tensor4D[] {
    const maps: tf.Tensor4D[] = [];
    let map = x;
    let trained = false;
    this.layers.forEach(({ module }, index) => {
      trained ||= module.trainable;
      const next = recordIf(trained, () => module.forward(map));
      if (map !== x && !maps.includes(map)) map.dispose();
      if (this.outputs.includes(index)) maps.push(next);
      map = next;
    });
    return maps;
  }

  override exportTo(x: Value): Value[] {
    let map = x;
    const maps = this.layers.map(({ module }) => (map = module.exportTo(map)));
    return this.outputs.map((index) => maps[index]);
  }
}
