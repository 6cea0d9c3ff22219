import type { RandomStream } from '../../detection/nn/random';

const { floor, fround, max, min, trunc } = Math;

/** One change of a picture's colors, with all that is random about it drawn. */
export type ColorChange = ColorAdjustment | ChannelOrder;

/** torchvision's adjust_brightness, adjust_contrast, adjust_saturation or adjust_hue. */
export interface ColorAdjustment {
  /** What is changed. */
  readonly kind: 'brightness' | 'contrast' | 'saturation' | 'hue';
  /** A factor; of the hue a part of the circle. */
  readonly amount: number;
}

/** The channels in another order. */
export interface ChannelOrder {
  /** Tells it from other changes. */
  readonly kind: 'channels';
  /** Which channel becomes the first, the second and the third. */
  readonly order: Int32Array;
}

/** torchvision's RandomPhotometricDistort: factors, and for the hue a part of the circle. */
const RANGES = {
  brightness: [0.875, 1.125],
  contrast: [0.5, 1.5],
  saturation: [0.5, 1.5],
  hue: [-0.05, 0.05],
} as const;

/**
 * Draws how a picture's colors are distorted, as torchvision's references/detection RandomPhotometricDistort: brightness,
 * contrast, saturation and hue, contrast instead last in half of all cases, then the order of the channels.
 *
 * @param probability of each change
 */
export function drawPhotometricDistortion(random: RandomStream, probability: number): ColorChange[] {
  const change = (kind: keyof typeof RANGES): ColorChange[] => {
    const [low, high] = RANGES[kind];
    return random.uniform() < probability ? [{ kind, amount: random.between(low, high) }] : [];
  };
  const brightness = change('brightness');
  const contrast = change('contrast');
  const isContrastFirst = random.uniform() < 0.5;
  const changes = [...change('saturation'), ...change('hue')];
  return [
    ...brightness,
    ...(isContrastFirst ? [...contrast, ...changes] : [...changes, ...contrast]),
    ...(random.uniform() < probability
      ? [{ kind: 'channels' as const, order: random.sample(Int32Array.of(0, 1, 2), 3) }]
      : []),
  ];
}

/**
 * Changes the colors of a picture in place, one change after the other: the bytes are those that torchvision's
 * adjust_brightness, adjust_contrast, adjust_saturation and adjust_hue make of a uint8 tensor. They compute in float32
 * and cut off what is behind the point.
 *
 * @param pixels R, G, B of each pixel
 */
export function changeColors(pixels: Uint8Array, changes: readonly ColorChange[]): void {
  for (const change of changes) {
    switch (change.kind) {
      case 'brightness':
        applyTable(pixels, blendTable(change.amount, 0));
        break;
      case 'contrast':
        applyTable(pixels, blendTable(change.amount, meanGray(pixels)));
        break;
      case 'saturation':
        adjustSaturation(pixels, change.amount);
        break;
      case 'hue':
        adjustHue(pixels, change.amount);
        break;
      case 'channels':
        permuteChannels(pixels, change.order);
    }
  }
}

/** torchvision's _blend for each byte with one other value, [256]: `factor` of the byte, the rest of the other. */
function blendTable(factor: number, other: number): Uint8ClampedArray {
  const own = fround(factor);
  const rest = fround(fround(1 - factor) * other);
  return Uint8ClampedArray.from({ length: 256 }, (_, byte) => trunc(fround(fround(own * byte) + rest)));
}

function applyTable(pixels: Uint8Array, table: Uint8ClampedArray): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i]]!;
}

const RED = fround(0.2989);
const GREEN = fround(0.587);
const BLUE = fround(0.114);

/** torchvision's rgb_to_grayscale of the pixel that begins at `i`, a byte. */
function grayAt(pixels: Uint8Array, i: number): number {
  return trunc(
    fround(fround(fround(RED * pixels[i]) + fround(GREEN * pixels[i + 1])) + fround(BLUE * pixels[i + 2])),
  );
}

function meanGray(pixels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += grayAt(pixels, i);
  return fround(sum / (pixels.length / 3));
}

function adjustSaturation(pixels: Uint8Array, factor: number): void {
  const own = fround(factor);
  const rest = fround(1 - factor);
  for (let i = 0; i < pixels.length; i += 3) {
    const gray = fround(rest * grayAt(pixels, i));
    for (let k = i; k < i + 3; k++) {
      pixels[k] = min(max(trunc(fround(fround(own * pixels[k]) + gray)), 0), 255);
    }
  }
}

/** Turns the hue by a part of the circle: to HSV and back, as torchvision's _rgb2hsv and _hsv2rgb. */
function adjustHue(pixels: Uint8Array, amount: number): void {
  const turn = fround(amount);
  for (let i = 0; i < pixels.length; i += 3) {
    const r = fround(pixels[i] / 255);
    const g = fround(pixels[i + 1] / 255);
    const b = fround(pixels[i + 2] / 255);
    const value = max(r, g, b);
    const chroma = fround(value - min(r, g, b));
    // A gray has no hue to turn, but goes the same way: bytes may come back one lower.
    const divisor = chroma === 0 ? 1 : chroma;
    const saturation = chroma === 0 ? 0 : fround(chroma / value);
    const rc = fround(fround(value - r) / divisor);
    const gc = fround(fround(value - g) / divisor);
    const bc = fround(fround(value - b) / divisor);
    const sixth =
      value === r ? fround(bc - gc) : value === g ? fround(fround(2 + rc) - bc) : fround(fround(4 + gc) - rc);
    const turned = fround(fround(fround(fround(sixth / 6) + 1) % 1) + turn);
    const hue = fround(turned - floor(turned));

    const position = fround(hue * 6);
    const sector = floor(position);
    const along = fround(position - sector);
    const p = fround(value * fround(1 - saturation));
    const q = fround(value * fround(1 - fround(saturation * along)));
    const t = fround(value * fround(1 - fround(saturation * fround(1 - along))));
    // The circle ends where it begins: the seventh sector is the first.
    switch (sector % 6) {
      case 0:
        setPixel(pixels, i, value, t, p);
        break;
      case 1:
        setPixel(pixels, i, q, value, p);
        break;
      case 2:
        setPixel(pixels, i, p, value, t);
        break;
      case 3:
        setPixel(pixels, i, p, q, value);
        break;
      case 4:
        setPixel(pixels, i, t, p, value);
        break;
      default:
        setPixel(pixels, i, value, p, q);
    }
  }
}

/** @param r, g, b of 0..1 */
function setPixel(pixels: Uint8Array, i: number, r: number, g: number, b: number): void {
  pixels[i] = fround(r * 255);
  pixels[i + 1] = fround(g * 255);
  pixels[i + 2] = fround(b * 255);
}

function permuteChannels(pixels: Uint8Array, [first, second, third]: Int32Array): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const pixel = [pixels[i], pixels[i + 1], pixels[i + 2]];
    pixels[i] = pixel[first]!;
    pixels[i + 1] = pixel[second]!;
    pixels[i + 2] = pixel[third]!;
  }
}
