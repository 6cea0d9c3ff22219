import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import type { BodyOptions } from './body';
import { convolution, InvertedResidual, type BlockNames, type LayerStyle } from './inverted-residual';
import { LayeredBody, type BodyLayer } from './layered-body';

const STEM_CHANNELS = 16;
/** The last 1x1 convolution has so many times the channels of the last block. */
const HEAD_EXPANSION = 6;
const SQUEEZE_DIVISOR = 4;

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

/** The first block of stride 32, counted from the stem: torchvision's C4. */
const C4 = 13;
/** That block and the last layer: torchvision's _mobilenet_extractor. */
const OUTPUTS = [C4, BLOCKS.length + 1];

/**
 * What comes from C4 on: the paper's table 1; or, as in its detectors (6.3) and torchvision's reduced_tail, with half of the
 * channels.
 */
export type Tail = 'full' | 'reduced';

type Block = Omit<(typeof BLOCKS)[number], 'expanded' | 'out'> & {
  readonly inChannels: number;
  readonly expanded: number;
  readonly out: number;
};

function blocksWith(tail: Tail): Block[] {
  const share = tail === 'reduced' ? 0.5 : 1;
  let inChannels = STEM_CHANNELS;
  return BLOCKS.map((block, i) => {
    const layer = i + 1;
    // C4 expands what is before the tail.
    const expanded = layer > C4 ? share * block.expanded : block.expanded;
    const out = layer >= C4 ? share * block.out : block.out;
    const complete = { ...block, inChannels, expanded, out };
    inChannels = out;
    return complete;
  });
}

type Names = BlockNames & { readonly squeeze: string };

/** As torchvision's Sequential counts the layers that there are. */
function blockNames(expands: boolean, squeezes: boolean, prefix: string): Names {
  const first = expands ? 1 : 0;
  const last = first + (squeezes ? 2 : 1);
  const layer = (index: number) => [`${prefix}${index}.0`, `${prefix}${index}.1`] as const;
  return {
    expand: layer(0),
    depthwise: layer(first),
    squeeze: `${prefix}${first + 1}`,
    project: layer(last),
  };
}

/** torchvision's _make_divisible: the next multiple of 8, or the one below where that loses less than a tenth. */
function toMultipleOf8(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

function bottleneck(
  { kernel, inChannels, expanded, out, squeeze, nonlinearity, stride }: Block,
  style: LayerStyle,
  names = blockNames(expanded !== inChannels, squeeze, 'block.'),
): BodyLayer {
  const shape = {
    inChannels,
    expandedChannels: expanded,
    outChannels: out,
    kernel,
    stride,
    nonlinearity,
    squeezeExcitation: squeeze
      ? { name: names.squeeze, channels: toMultipleOf8(Math.floor(expanded / SQUEEZE_DIVISOR)) }
      : undefined,
  };
  return { module: new InvertedResidual(shape, names, style), outChannels: out, stride };
}

/** Convolution, normalization and hard swish: the stem, the last layer, and the expansion of a block of the second half. */
function plainLayer(
  kernel: number,
  inChannels: number,
  outChannels: number,
  stride: number,
  style: LayerStyle,
): BodyLayer {
  const module = new Conv2dNormActivation(
    convolution(kernel, inChannels, outChannels, stride, style),
    style.normalization(outChannels),
    'hardswish',
  );
  return { module, outChannels, stride };
}

function stem(style: LayerStyle): BodyLayer {
  return plainLayer(3, 3, STEM_CHANNELS, 2, style);
}

function lastLayer(blocks: readonly Block[], style: LayerStyle): BodyLayer {
  const { out } = blocks.at(-1)!;
  return plainLayer(1, out, HEAD_EXPANSION * out, 1, style);
}

/** The features of torchvision's mobilenet_v3_large. Six stages; two maps, both of stride 32. */
export class MobileNetV3 extends LayeredBody {
  /**
   * With random weights.
   *
   * @param options of its six stages `trainableLayers` are trained, counted from the top.
   */
  constructor({ normalization, trainableLayers, random }: BodyOptions) {
    const style: LayerStyle = { padding: 'symmetric', normalization, random };
    const blocks = blocksWith('full');
    const layers = [
      stem(style),
      ...blocks.map((block) => bottleneck(block, style)),
      lastLayer(blocks, style),
    ];
    super(layers, OUTPUTS, trainableLayers);
    layers.forEach(({ module }, index) => this.child(String(index), module));
  }
}

/**
 * The same cut in the middle of C4, as SSDlite has it (Howard et al. 2019, 6.3): part `0` ends in C4's expansion, part `1` is
 * the rest. Six stages; the map of each part, of strides 16 and 32.
 */
export class SplitMobileNetV3 extends LayeredBody {
  constructor(tail: Tail, trainableLayers: number, style: LayerStyle) {
    const blocks = blocksWith(tail);
    const c4 = blocks[C4 - 1];
    const fine = [
      stem(style),
      ...blocks.slice(0, C4 - 1).map((block) => bottleneck(block, style)),
      // C4's stride is in its other part, but the stage begins here.
      { ...plainLayer(1, c4.inChannels, c4.expanded, 1, style), stride: c4.stride },
    ];
    // Its layers keep the numbers that they have in the block.
    const names = blockNames(true, c4.squeeze, '');
    const coarse = [
      { ...bottleneck({ ...c4, inChannels: c4.expanded }, style, names), stride: 1 },
      ...blocks.slice(C4).map((block) => bottleneck(block, style)),
      lastLayer(blocks, style),
    ];
    super([...fine, ...coarse], [fine.length - 1, fine.length + coarse.length - 1], trainableLayers);
    fine.forEach(({ module }, index) => this.child(`0.${index}`, module));
    coarse.forEach(({ module }, index) => this.child(`1.${index}`, module));
  }
}

/** What a MobileNetV3 that is cut so calls an entry of a whole one. */
export function splitName(entry: string): string {
  const [first, ...rest] = entry.split('.');
  const layer = Number(first);
  if (layer !== C4) return [...(layer < C4 ? ['0', first] : ['1', String(layer - C4)]), ...rest].join('.');
  const [, part, ...ofPart] = rest; // behind `block`
  return [...(part === '0' ? ['0', first] : ['1', '0', part]), ...ofPart].join('.');
}
