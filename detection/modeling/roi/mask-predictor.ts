import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { ConvTranspose2d } from '../../nn/conv-transpose';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut, uniform } from '../../nn/initializers';
import { runKernel } from '../../nn/kernels';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { isRecording, noGradient, recordOperation } from '../../nn/tfjs-internals';

/** The map of a mask has twice the height and width of the pooled ROI. */
const UPSAMPLING = 2;

/**
 * ROIs are worked on so many at a time. Of 128 the upsampled map, its ReLU and the gradient of both would be 100 MB each at
 * torchvision's 256 channels, in passes that wait for memory; of 16 they stay in the processor's caches.
 */
const CHUNK = 16;

/**
 * torchvision's MaskRCNNPredictor: a map of twice the size, and from it the logits of a mask for each label. Of these only
 * those of one label are computed for each ROI, its object's in training, the predicted one in inference: the others have no part
 * in the loss, nor in the result.
 *
 * As the stride of the upsampling is its kernel's size, it is one matrix product: each pixel of the pooled map gives 2x2 pixels of
 * the mask. These are kept in that order, pixel by pixel and each one's four, until they are logits.
 */
export class MaskRcnnPredictor extends Module {
  private readonly upsampling: ConvTranspose2d;
  private readonly logits: Conv2d;

  /**
   * With random weights.
   *
   * @param channels of the upsampled map
   * @param numClasses K, without the background
   * @param firstLabel that has a mask: the background, 0, in torchvision, and 1 in detectron2
   */
  constructor(
    private readonly inChannels: number,
    private readonly channels: number,
    numClasses: number,
    random: RandomStream,
    private readonly firstLabel: 0 | 1 = 0,
  ) {
    super();
    const numLabels = numClasses + 1 - firstLabel;
    this.upsampling = this.child(
      'conv5_mask',
      new ConvTranspose2d(
        kaimingNormalFanOut([UPSAMPLING, UPSAMPLING, channels, inChannels], random),
        // torch's own: its fan in of a transposed convolution is that of its outputs.
        uniform([channels], 1 / Math.sqrt(channels * UPSAMPLING ** 2), random) as tf.Tensor1D,
        { stride: UPSAMPLING },
      ),
    );
    this.logits = this.child(
      'mask_fcn_logits',
      new Conv2d(
        kaimingNormalFanOut([1, 1, channels, numLabels], random),
        uniform([numLabels], 1 / Math.sqrt(channels), random) as tf.Tensor1D,
      ),
    );
  }

  /**
   * Logits of each ROI's label, not differentiable.
   *
   * @param x [R, size, size, in]
   * @param labels [R]
   * @returns [R, 4 * size * size], row by row. The caller disposes.
   */
  forward(x: tf.Tensor4D, labels: Int32Array): tf.Tensor2D {
    const [numRois, height, width] = x.shape;
    return noGradient(() =>
      tf.tidy(() => {
        const weights = this.weightsOf(labels);
        const parts = chunks(numRois).map(({ start, end }) =>
          tf.tidy(() =>
            this.logitsOf(this.upsampled(this.rows(x, start, end), end - start), weights, start, end),
          ),
        );
        const logits = tf.reshape(tf.concat(parts), [numRois, height, width, UPSAMPLING, UPSAMPLING]);
        const inRows = tf.transpose(logits, [0, 1, 3, 2, 4]);
        return tf.reshape<tf.Rank.R2>(inRows, [numRois, height * width * UPSAMPLING ** 2]);
      }),
    );
  }

  /**
   * The same in an ONNX graph, but that logits of all labels are computed.
   *
   * @param x [R, in, size, size]
   * @param labels int64 [R]
   * @returns [R, 2 * size, 2 * size]
   */
  exportTo(x: Value, labels: Value): Value {
    const logits = this.logits.exportTo(this.upsampling.exportTo(x, { nonlinearity: 'relu' }));
    return logits.op('GatherND', [labels.sub(this.firstLabel).unsqueeze(1)], { batch_dims: 1 });
  }

  /**
   * torchvision's maskrcnn_loss: binary cross-entropy with the logits of each ROI's label, the mean over all pixels. One node of
   * the tape, which computes its gradients in the forward and saves them: the loss is the model's own, so they are known but for
   * a factor. The caller disposes.
   *
   * @param x [R, size, size, in], R at least 1
   * @param labels [R]
   * @param targets [R, 4 * size * size], row by row, 0..1
   */
  loss(x: tf.Tensor4D, labels: Int32Array, targets: Float32Array): tf.Scalar {
    const wanted = isRecording();
    const { loss, gradients } = noGradient(() => this.lossAndGradients(x, labels, targets, wanted));
    const weight = this.upsampling.weight.value;
    const filters = this.logits.weight.value;
    const inputs: Record<string, tf.Tensor> = {
      weight,
      bias: this.upsampling.bias!.value,
      filters,
      filterBias: this.logits.bias!.value,
      x,
    };
    recordOperation('MaskLoss', inputs, loss, gradients, (dy, saved) => {
      // 1 almost always: a pass over the gradients less.
      const [factor] = dy.dataSync();
      const scaled = (gradient: tf.Tensor): tf.Tensor =>
        factor === 1 ? tf.clone(gradient) : tf.mul(gradient, factor);
      return Object.fromEntries(Object.keys(inputs).map((name, i) => [name, () => scaled(saved[i])]));
    });
    tf.dispose(gradients);
    return loss;
  }

  /** The same of each ROI, undivided: [R], the mean over its pixels. Not differentiable. The caller disposes. */
  lossOfRois(x: tf.Tensor4D, labels: Int32Array, targets: Float32Array): tf.Tensor1D {
    return noGradient(() =>
      tf.tidy(() => {
        const logits = this.forward(x, labels);
        return tf.mean(sigmoidCrossEntropy(logits, tf.tensor2d(targets, logits.shape)), 1);
      }),
    );
  }

  /** The loss, and unless not `wanted` its gradients. */
  private lossAndGradients(
    x: tf.Tensor4D,
    labels: Int32Array,
    targets: Float32Array,
    wanted: boolean,
  ): { loss: tf.Scalar; gradients: tf.Tensor[] } {
    return tf.tidy(() => {
      const [numRois, height, width] = x.shape;
      const numPixels = height * width * UPSAMPLING ** 2;
      const weights = this.weightsOf(labels);
      const inRows = tf.tensor(targets, [numRois, height, UPSAMPLING, width, UPSAMPLING]);
      const ordered = tf.reshape<tf.Rank.R2>(tf.transpose(inRows, [0, 1, 3, 2, 4]), [numRois, numPixels]);
      const scale = 1 / (numRois * numPixels);
      const parts = chunks(numRois).map(({ start, end }) =>
        tf.tidy(() => {
          const rows = this.rows(x, start, end);
          const map = this.upsampled(rows, end - start);
          const logits = this.logitsOf(map, weights, start, end);
          const target = tf.slice(ordered, start, end - start);
          const loss = tf.mul<tf.Scalar>(tf.sum(sigmoidCrossEntropy(logits, target)), scale);
          if (!wanted) return { loss, gradients: undefined };
          const dLogits = tf.mul<tf.Tensor2D>(tf.sub(tf.sigmoid(logits), target), scale);
          return { loss, gradients: this.gradients(rows, map, dLogits, weights, start, end) };
        }),
      );
      const loss = tf.addN(parts.map((part) => part.loss));
      const gradients = parts.flatMap((part) => part.gradients ?? []);
      return { loss, gradients: wanted ? this.joined(gradients, weights.labels, x.shape) : [] };
    });
  }

  /** The gradients of some ROIs' loss; those by the logits' filters and bias are of each ROI's label. */
  private gradients(
    rows: tf.Tensor2D,
    map: tf.Tensor3D,
    dLogits: tf.Tensor2D,
    { filters }: LabelWeights,
    start: number,
    end: number,
  ): Gradients {
    const [numRois, numPixels] = dLogits.shape;
    const each = tf.reshape<tf.Rank.R3>(dLogits, [numRois, numPixels, 1]);
    const ofFilters = tf.matMul(each, map, true, false);
    const ofMap = tf.matMul(each, tf.slice(filters, start, end - start), false, true);
    const beforeRelu = runKernel('ReluGrad', { dy: ofMap, y: map });
    ofMap.dispose();
    const dy = tf.reshape<tf.Rank.R2>(beforeRelu, [rows.shape[0], -1]);
    return {
      weight: tf.matMul(dy, rows, true, false),
      bias: runKernel('BiasAddGrad', { dy: beforeRelu }),
      filters: tf.reshape(ofFilters, [numRois, this.channels]),
      filterBias: tf.sum(dLogits, 1),
      x: tf.matMul(dy, this.matrix()),
    };
  }

  /** The gradients of all ROIs' loss, in the order of `loss`'s inputs. */
  private joined(
    parts: readonly Gradients[],
    labels: tf.Tensor1D,
    shape: [number, number, number, number],
  ): tf.Tensor[] {
    const all = (name: keyof Gradients): tf.Tensor[] => parts.map((part) => part[name]);
    const numLabels = this.logits.bias!.value.size;
    const byLabel = (name: 'filters' | 'filterBias'): tf.Tensor =>
      tf.unsortedSegmentSum(tf.concat(all(name)), labels, numLabels);
    return [
      tf.reshape(tf.addN(all('weight')), this.upsampling.weight.value.shape),
      tf.addN(all('bias')),
      tf.reshape(tf.transpose(byLabel('filters')), this.logits.weight.value.shape),
      byLabel('filterBias'),
      tf.reshape(tf.concat(all('x')), shape),
    ];
  }

  /** Pixels of some ROIs: [pixels, in]. */
  private rows(x: tf.Tensor4D, start: number, end: number): tf.Tensor2D {
    return tf.reshape(tf.slice(x, start, end - start), [-1, this.inChannels]);
  }

  /** The upsampling's filter as a matrix [4 * channels, in]. */
  private matrix(): tf.Tensor2D {
    return tf.reshape(this.upsampling.weight.value, [-1, this.inChannels]);
  }

  /** Pixels [R * size * size, in] -> the map [R, 4 * size * size, channels], behind its ReLU. */
  private upsampled(rows: tf.Tensor2D, numRois: number): tf.Tensor3D {
    const products = tf.matMul(rows, this.matrix(), false, true);
    const pixels = tf.reshape(products, [-1, this.channels]);
    const map = tf.relu(tf.add(pixels, this.upsampling.bias!.value));
    return tf.reshape(map, [numRois, -1, this.channels]);
  }

  /** What predicts the mask of each ROI's label. */
  private weightsOf(labels: Int32Array): LabelWeights {
    const indices = tf.tensor1d(
      labels.map((label) => label - this.firstLabel),
      'int32',
    );
    const { weight, bias } = this.logits;
    const byLabel = tf.transpose(tf.reshape<tf.Rank.R2>(weight.value, [this.channels, -1]));
    const filters = tf.gather(byLabel, indices);
    return {
      labels: indices,
      filters: tf.reshape(filters, [labels.length, this.channels, 1]),
      biases: tf.reshape(tf.gather(bias!.value, indices), [labels.length, 1]),
    };
  }

  /** Of ROIs start..end, whose map is given: [R, 4 * size * size]. */
  private logitsOf(
    map: tf.Tensor3D,
    { filters, biases }: LabelWeights,
    start: number,
    end: number,
  ): tf.Tensor2D {
    const products = tf.matMul(map, tf.slice(filters, start, end - start));
    return tf.add(tf.reshape<tf.Rank.R2>(products, [end - start, -1]), tf.slice(biases, start, end - start));
  }
}

/** Of R ROIs. */
interface LabelWeights {
  /** [R] */
  readonly labels: tf.Tensor1D;
  /** [R, channels, 1] */
  readonly filters: tf.Tensor3D;
  /** [R, 1] */
  readonly biases: tf.Tensor2D;
}

/** By the upsampling's filter and bias, the logits' filters and biases, and the pooled map. */
type Gradients = Record<'weight' | 'bias' | 'filters' | 'filterBias' | 'x', tf.Tensor>;

function chunks(numRois: number): { start: number; end: number }[] {
  return Array.from({ length: Math.ceil(numRois / CHUNK) }, (_, i) => ({
    start: i * CHUNK,
    end: Math.min((i + 1) * CHUNK, numRois),
  }));
}

/** Of each logit; does not overflow. */
function sigmoidCrossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  const ofSign = tf.sub(tf.relu(logits), tf.mul(logits, targets));
  return tf.add(ofSign, tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
}
