import type { RandomStream } from '../../detection/nn/random';

/** A picture in the making: RGB, row-major, values 0..255 before rounding. */
export interface Canvas {
  readonly size: number;
  /** [size * size * 3] */
  readonly rgb: Float32Array;
}

/** A value for each point of the unit square, 0..1. */
type Field = (u: number, v: number) => number;

/** Fields are drawn anew for each layer of each scene. */
const PATTERNS: readonly ((stream: RandomStream) => Field)[] = [clouds, stripes, blobs, cells, rings];

/** A gradient, one to three patterns of other colors over it, and a fine grain of light and dark. */
export function paintBackground(stream: RandomStream, size: number): Canvas {
  const hue = stream.uniform();
  const palette = Array.from({ length: 5 }, () => relatedColor(stream, hue));
  const layers = Array.from({ length: 1 + stream.integer(3) }, (_, i) => ({
    field: stream.pick(PATTERNS)(stream),
    color: palette[i + 2],
    strength: stream.between(0.35, 0.9),
  }));
  const base = gradient(stream);
  const grain = valueNoise(stream, [24, 48]);
  const grainStrength = stream.between(0, 40);

  const rgb = new Float32Array(size * size * 3);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at += 3) {
      const u = (x + 0.5) / size;
      const v = (y + 0.5) / size;
      mix(rgb, at, palette[0], 1);
      mix(rgb, at, palette[1], base(u, v));
      for (const { field, color, strength } of layers) mix(rgb, at, color, strength * field(u, v));
      const light = (grain(u, v) - 0.5) * grainStrength;
      for (let c = 0; c < 3; c++) rgb[at + c] += light;
    }
  }
  return { size, rgb };
}

function mix(rgb: Float32Array, at: number, color: readonly number[], weight: number): void {
  for (let c = 0; c < 3; c++) rgb[at + c] += (color[c] - rgb[at + c]) * weight;
}

/** Half of the colors stay near the scene's hue, the others are free. */
function relatedColor(stream: RandomStream, hue: number): number[] {
  const free = stream.uniform() < 0.5;
  const h = free ? stream.uniform() : hue + stream.between(-0.1, 0.1);
  const saturation = stream.between(0.1, 0.65);
  const lightness = stream.between(0.2, 0.9);
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  // HSL to RGB: https://www.w3.org/TR/css-color-4/#hsl-to-rgb
  return [0, 8, 4].map((n) => {
    const k = (((n + h * 12) % 12) + 12) % 12;
    return 255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  });
}

const smoothstep = (t: number) => t * t * (3 - 2 * t);

/** 0 below -width, 1 above width, smooth between. */
const softStep = (t: number, width: number) => smoothstep(Math.min(Math.max(t / width / 2 + 0.5, 0), 1));

/** Math.hypot is ten times slower; its care for overflow is not needed here. */
const distance = (u: number, v: number) => Math.sqrt(u * u + v * v);

function direction(stream: RandomStream): { cos: number; sin: number } {
  const angle = stream.between(0, 2 * Math.PI);
  return { cos: Math.cos(angle), sin: Math.sin(angle) };
}

/** Linear or radial. */
function gradient(stream: RandomStream): Field {
  const { cos, sin } = direction(stream);
  const u0 = stream.uniform();
  const v0 = stream.uniform();
  if (stream.uniform() < 0.4) return (u, v) => Math.min(distance(u - u0, v - v0), 1);
  return (u, v) => softStep((u - 0.5) * cos + (v - 0.5) * sin, 0.7);
}

/** Random values on square lattices of the given numbers of cells, each weighing half of the one before. */
function valueNoise(stream: RandomStream, octaves: readonly number[]): Field {
  const lattices = octaves.map((cells) => ({
    cells,
    values: Float32Array.from({ length: (cells + 1) ** 2 }, () => stream.uniform()),
  }));
  const sumOfWeights = 2 - 2 ** (1 - octaves.length);
  return (u, v) => {
    let sum = 0;
    for (let i = 0, weight = 1; i < lattices.length; i++, weight /= 2) {
      const { cells, values } = lattices[i];
      const x = Math.floor(u * cells);
      const y = Math.floor(v * cells);
      const fx = smoothstep(u * cells - x);
      const fy = smoothstep(v * cells - y);
      const at = y * (cells + 1) + x;
      const above = values[at] + fx * (values[at + 1] - values[at]);
      const below = values[at + cells + 1] + fx * (values[at + cells + 2] - values[at + cells + 1]);
      sum += weight * (above + fy * (below - above));
    }
    return sum / sumOfWeights;
  };
}

function clouds(stream: RandomStream): Field {
  const cells = 2 + stream.integer(4);
  const noise = valueNoise(
    stream,
    [1, 2, 4, 8].map((octave) => octave * cells),
  );
  const edge = stream.between(0.02, 0.3);
  return (u, v) => softStep(noise(u, v) - 0.5, edge);
}

/** Straight or wavy. */
function stripes(stream: RandomStream): Field {
  const { cos, sin } = direction(stream);
  const frequency = stream.between(15, 60);
  const waviness = stream.between(0, 6);
  const share = stream.between(-0.6, 0.6);
  const edge = stream.between(0.1, 0.8);
  const noise = valueNoise(stream, [4]);
  return (u, v) => softStep(Math.sin((u * cos + v * sin) * frequency + noise(u, v) * waviness) + share, edge);
}

/** Soft or hard discs. */
function blobs(stream: RandomStream): Field {
  const edge = stream.between(0.005, 0.06);
  const discs = Array.from({ length: 4 + stream.integer(12) }, () => ({
    u: stream.uniform(),
    v: stream.uniform(),
    radius: stream.between(0.02, 0.18),
  }));
  return (u, v) => {
    let cover = 0;
    for (const disc of discs) {
      const inside = disc.radius - distance(u - disc.u, v - disc.v);
      if (inside > -edge) cover = Math.max(cover, softStep(inside, edge));
    }
    return cover;
  };
}

/** Patches of different strength around random points (Voronoi cells). */
function cells(stream: RandomStream): Field {
  const points = Array.from({ length: 5 + stream.integer(12) }, () => ({
    u: stream.uniform(),
    v: stream.uniform(),
    value: stream.uniform(),
  }));
  return (u, v) => {
    let nearest = Infinity;
    let value = 0;
    for (const point of points) {
      const squaredDistance = (u - point.u) ** 2 + (v - point.v) ** 2;
      if (squaredDistance < nearest) {
        nearest = squaredDistance;
        value = point.value;
      }
    }
    return value;
  };
}

/** Circles around a point, which may lie outside. */
function rings(stream: RandomStream): Field {
  const u0 = stream.between(-0.3, 1.3);
  const v0 = stream.between(-0.3, 1.3);
  const frequency = stream.between(20, 70);
  const edge = stream.between(0.2, 1);
  return (u, v) => softStep(Math.sin(distance(u - u0, v - v0) * frequency), edge);
}
