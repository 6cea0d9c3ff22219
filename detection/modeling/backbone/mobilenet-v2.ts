import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import type { BodyOptions } from './body';
import { convolution, InvertedResidual, type BlockNames, type LayerStyle } from './inverted-residual';
import { LayeredBody, type BodyLayer } from './layered-body';

const STEM_CHANNELS = 32;
const HEAD_CHANNELS = 1280;

/** Groups of blocks (Sandler et al. 2018, table 2); the first of a group has the stride. */
const GROUPS = [
  { expansion: 1, out: 16, blocks: 1, stride: 1 },
  { expansion: 6, out: 24, blocks: 2, stride: 2 },
  { expansion: 6, out: 32, blocks: 3, stride: 2 },
  { expansion: 6, out: 64, blocks: 4, stride: 2 },
  { expansion: 6, out: 96, blocks: 3, stride: 1 },
  { expansion: 6, out: 160, blocks: 3, stride: 2 },
  { expansion: 6, out: 320, blocks: 1, stride: 1 },
] as const;

/** The last layers of strides 8, 16 and 32. */
const OUTPUTS = [6, 13, 18];

/** torchvision does not wrap the last convolution of a block together with its normalization. */
function blockNames(expands: boolean): BlockNames {
  const first = expands ? 1 : 0;
  return {
    expand: ['conv.0.0', 'conv.0.1'],
    depthwise: [`conv.${first}.0`, `conv.${first}.1`],
    project: [`conv.${first + 1}`, `conv.${first + 2}`],
  };
}

/**
 * MobileNetV2 with torchvision's names, padded as TensorFlow does, with which the weights that registries carry have
 * been trained. Six stages; maps of strides 8, 16 and 32.
 */
export class MobileNetV2 extends LayeredBody {
  /**
   * With random weights.
   *
   * @param options of its six stages `trainableLayers` are trained, counted from the top.
   */
  constructor({ normalization, trainableLayers, random }: BodyOptions) {
    const style: LayerStyle = { padding: 'same', normalization, random };
    const outer = (kernel: number, inChannels: number, outChannels: number, stride: number): BodyLayer => ({
      module: new Conv2dNormActivation(
        convolution(kernel, inChannels, outChannels, stride, style),
        normalization(outChannels),
        'relu6',
      ),
      outChannels,
      stride,
    });
    const layers = [outer(3, 3, STEM_CHANNELS, 2)];
    let inChannels = STEM_CHANNELS;
    for (const { expansion, out, blocks, stride: groupStride } of GROUPS) {
      for (let block = 0; block < blocks; block++) {
        const stride = block === 0 ? groupStride : 1;
        const expandedChannels = expansion * inChannels;
        const shape = {
          inChannels,
          expandedChannels,
          outChannels: out,
          kernel: 3,
          stride,
          nonlinearity: 'relu6',
        } as const;
        const module = new InvertedResidual(shape, blockNames(expansion > 1), style);
        layers.push({ module, outChannels: out, stride });
        inChannels = out;
      }
    }
    layers.push(outer(1, inChannels, HEAD_CHANNELS, 1));
    super(layers, OUTPUTS, trainableLayers);
    layers.forEach(({ module }, index) => this.child(String(index), module));
  }
}
