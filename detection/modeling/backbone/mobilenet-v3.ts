import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import type { BodyOptions } from './body';
import { convolution, InvertedResidual, type BlockNames, type LayerStyle } from './inverted-residual';
import { LayeredBody, type BodyLayer } from './layered-body';

const STEM_CHANNELS = 16;
/** The last 1x1 convolution has so many times the channels of the last block. */
const HEAD_EXPANSION = 6;
const SQUEEZE_DIVISOR = 4;
/** All blocks that squeeze expand first. */
const SQUEEZE_NAME = 'block.2';

/** Blocks of MobileNetV3-Large (Howard et al. 2019, table 1): bottlenecks; input channels are those of the row above. */
const BLOCKS = [
  { kernel: 3, expanded: 16, out: 16, squeeze: false, nonlinearity: 'relu', stride: 1 },
  { kernel: 3, expanded: 64, out: 24, squeeze: false, nonlinearity: 'relu', stride: 2 },
  { kernel: 3, expanded: 72, out: 24, squeeze: false, nonlinearity: 'relu', stride: 1 },
  { kernel: 5, expanded: 72, out: 40, squeeze: true, nonlinearity: 'relu', stride: 2 },
  { kernel: 5, expanded: 120, out: 40, squeeze: true, nonlinearity: 'relu', stride: 1 },
  { kernel: 5, expanded: 120, out: 40, squeeze: true, nonlinearity: 'relu', stride: 1 },
  { kernel: 3, expanded: 240, out: 80, squeeze: false, nonlinearity: 'hardswish', stride: 2 },
  { kernel: 3, expanded: 200, out: 80, squeeze: false, nonlinearity: 'hardswish', stride: 1 },
  { kernel: 3, expanded: 184, out: 80, squeeze: false, nonlinearity: 'hardswish', stride: 1 },
  { kernel: 3, expanded: 184, out: 80, squeeze: false, nonlinearity: 'hardswish', stride: 1 },
  { kernel: 3, expanded: 480, out: 112, squeeze: true, nonlinearity: 'hardswish', stride: 1 },
  { kernel: 3, expanded: 672, out: 112, squeeze: true, nonlinearity: 'hardswish', stride: 1 },
  { kernel: 5, expanded: 672, out: 160, squeeze: true, nonlinearity: 'hardswish', stride: 2 },
  { kernel: 5, expanded: 960, out: 160, squeeze: true, nonlinearity: 'hardswish', stride: 1 },
  { kernel: 5, expanded: 960, out: 160, squeeze: true, nonlinearity: 'hardswish', stride: 1 },
] as const;

/** The first block of stride 32 and the last layer: torchvision's _mobilenet_extractor. */
const OUTPUTS = [13, 16];

/** As torchvision's Sequential counts the layers that there are. */
function blockNames(expands: boolean, squeezes: boolean): BlockNames {
  const first = expands ? 1 : 0;
  const last = first + (squeezes ? 2 : 1);
  return {
    expand: ['block.0.0', 'block.0.1'],
    depthwise: [`block.${first}.0`, `block.${first}.1`],
    project: [`block.${last}.0`, `block.${last}.1`],
  };
}

/** torchvision's _make_divisible: the next multiple of 8, or the one below where that loses less than a tenth. */
function toMultipleOf8(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** The features of torchvision's mobilenet_v3_large. Six stages; two maps, both of stride 32. */
export class MobileNetV3 extends LayeredBody {
  constructor({ normalisation, trainableLayers, random }: BodyOptions) {
    const style: LayerStyle = { padding: 'symmetric', normalisation, random };
    const outer = (kernel: number, inChannels: number, outChannels: number, stride: number): BodyLayer => ({
      module: new Conv2dNormActivation(
        convolution(kernel, inChannels, outChannels, stride, style),
        normalisation(outChannels),
        'hardswish',
      ),
      outChannels,
      stride,
    });
    const layers = [outer(3, 3, STEM_CHANNELS, 2)];
    let inChannels = STEM_CHANNELS;
    for (const { kernel, expanded, out, squeeze, nonlinearity, stride } of BLOCKS) {
      const names = blockNames(expanded !== inChannels, squeeze);
      const shape = {
        inChannels,
        expandedChannels: expanded,
        outChannels: out,
        kernel,
        stride,
        nonlinearity,
        squeezeExcitation: squeeze
          ? { name: SQUEEZE_NAME, channels: toMultipleOf8(Math.floor(expanded / SQUEEZE_DIVISOR)) }
          : undefined,
      };
      layers.push({ module: new InvertedResidual(shape, names, style), outChannels: out, stride });
      inChannels = out;
    }
    layers.push(outer(1, inChannels, HEAD_EXPANSION * inChannels, 1));
    super(layers, OUTPUTS, trainableLayers);
    layers.forEach(({ module }, index) => this.child(String(index), module));
  }
}
