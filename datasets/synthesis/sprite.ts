import sharp from 'sharp';
import type { RandomStream } from '../../detection/nn/random';
import { ARTWORK_PACKAGE, type Artwork } from './artwork';
import { COLOR_JITTER } from './defaults';

/** Resolution of the rasterized artwork: more than twice what scenes of the usual size need. */
const RASTER_SIZE = 256;
/** The artwork's viewBox is 36 by 36 units, one unit a pixel at 72 dots an inch. */
const RASTER_DENSITY = (72 * RASTER_SIZE) / 36;
/** 256, 128, 64, 32 pixels. */
const NUM_LEVELS = 4;

/** Premultiplied RGBA, row-major: colors 0..255 times alpha, alpha 0..1. */
export interface Patch {
  readonly width: number;
  readonly height: number;
  /** [height * width * 4] */
  readonly rgba: Float32Array;
}

/** One artwork, cut to its outline, at full resolution and at halves of it. */
export interface Sprite {
  readonly name: string;
  readonly levels: readonly Patch[];
}

/** Size, turn and colors with which a sprite is drawn. */
export interface Pose {
  /** Longest side of the upright artwork, pixels. */
  readonly longSide: number;
  /** Radians, clockwise. */
  readonly angle: number;
  readonly mirrored: boolean;
  /** [9], row-major 3 x 3, applied to RGB. */
  readonly color: Float64Array;
}

/** Rasterizes one file of the artwork package. */
export async function loadSprite({ name, codePoint }: Artwork): Promise<Sprite> {
  const file = require.resolve(`${ARTWORK_PACKAGE}/${codePoint}.svg`);
  const { data, info } = await sharp(file, { density: RASTER_DENSITY })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const levels = [cropToOutline(data, info.width, info.height)];
  while (levels.length < NUM_LEVELS) levels.push(halve(levels.at(-1)!));
  return { name, levels };
}

function cropToOutline(rgba: Uint8Array, width: number, height: number): Patch {
  let left = width;
  let top = height;
  let right = 0;
  let bottom = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (rgba[(y * width + x) * 4 + 3] < 128) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  const cut = new Float32Array((right - left) * (bottom - top) * 4);
  let to = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++, to += 4) {
      const from = (y * width + x) * 4;
      const alpha = rgba[from + 3] / 255;
      cut[to] = rgba[from] * alpha;
      cut[to + 1] = rgba[from + 1] * alpha;
      cut[to + 2] = rgba[from + 2] * alpha;
      cut[to + 3] = alpha;
    }
  }
  return { width: right - left, height: bottom - top, rgba: cut };
}

/** Means of 2 x 2 pixels; an odd last row or column is averaged with transparency. */
function halve({ width, height, rgba }: Patch): Patch {
  const halfWidth = Math.ceil(width / 2);
  const halfHeight = Math.ceil(height / 2);
  const half = new Float32Array(halfWidth * halfHeight * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      const to = ((y >> 1) * halfWidth + (x >> 1)) * 4;
      for (let c = 0; c < 4; c++) half[to + c] += rgba[from + c] / 4;
    }
  }
  return { width: halfWidth, height: halfHeight, rgba: half };
}

/**
 * Turns, scales and recolors a sprite. Each pixel is one bilinear sample of the level nearest in size, so edges
 * are antialiased, and the result is the same to the bit on every machine.
 */
export function drawSprite(sprite: Sprite, { longSide, angle, mirrored, color }: Pose): Patch {
  const full = sprite.levels[0];
  const reduction = Math.max(full.width, full.height) / longSide;
  const level = Math.min(Math.max(Math.round(Math.log2(reduction)), 0), sprite.levels.length - 1);
  const source = sprite.levels[level];
  const step = reduction / 2 ** level; // pixels of the source in one of the result
  const centerX = full.width / 2 ** (level + 1);
  const centerY = full.height / 2 ** (level + 1);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const drawnWidth = full.width / reduction;
  const drawnHeight = full.height / reduction;
  const width = Math.ceil(Math.abs(drawnWidth * cos) + Math.abs(drawnHeight * sin)) + 2;
  const height = Math.ceil(Math.abs(drawnWidth * sin) + Math.abs(drawnHeight * cos)) + 2;
  const rgba = new Float32Array(width * height * 4);
  const sample = new Float64Array(4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = x + 0.5 - width / 2;
      const dy = y + 0.5 - height / 2;
      const turnedX = (cos * dx + sin * dy) * step;
      const turnedY = (cos * dy - sin * dx) * step;
      sampleBilinear(source, centerX + (mirrored ? -turnedX : turnedX), centerY + turnedY, sample);
      if (sample[3] === 0) continue;
      const to = (y * width + x) * 4;
      const alpha = Math.min(sample[3], 1);
      for (let c = 0; c < 3; c++) {
        const value = color[c * 3] * sample[0] + color[c * 3 + 1] * sample[1] + color[c * 3 + 2] * sample[2];
        rgba[to + c] = Math.min(Math.max(value, 0), 255 * alpha);
      }
      rgba[to + 3] = alpha;
    }
  }
  return { width, height, rgba };
}

/** Puts the color at (x, y) into `sample`, with pixel centers at halves and transparency around the patch. */
function sampleBilinear({ width, height, rgba }: Patch, x: number, y: number, sample: Float64Array): void {
  sample.fill(0);
  const x0 = Math.floor(x - 0.5);
  const y0 = Math.floor(y - 0.5);
  if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) return;
  const fx = x - 0.5 - x0;
  const fy = y - 0.5 - y0;
  for (let corner = 0; corner < 4; corner++) {
    const px = x0 + (corner & 1);
    const py = y0 + (corner >> 1);
    if (px < 0 || py < 0 || px >= width || py >= height) continue;
    const weight = (corner & 1 ? fx : 1 - fx) * (corner >> 1 ? fy : 1 - fy);
    const at = (py * width + px) * 4;
    for (let c = 0; c < 4; c++) sample[c] += weight * rgba[at + c];
  }
}

// Rows sum to the luma's weights, to 0 and to 0: `saturate` and `hue-rotate` of the W3C's Filter Effects.
const LUMA = [0.213, 0.715, 0.072];
const HUE_SINE = [-0.213, -0.715, 0.928, 0.143, 0.14, -0.283, -0.787, 0.715, 0.072];

/** A small random change of brightness, saturation and hue as one matrix. */
export function randomColor(stream: RandomStream): Float64Array {
  const brightness = stream.between(...COLOR_JITTER.brightness);
  const saturation = stream.between(...COLOR_JITTER.saturation);
  const hue = (stream.between(...COLOR_JITTER.hue) * Math.PI) / 180;
  return Float64Array.from({ length: 9 }, (_, i) => {
    const luma = LUMA[i % 3];
    const chroma = (i % 4 === 0 ? 1 : 0) - luma;
    return brightness * (luma + saturation * (Math.cos(hue) * chroma + Math.sin(hue) * HUE_SINE[i]));
  });
}
