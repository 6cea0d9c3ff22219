import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rleFromMask } from '../../../datasets/coco/masks/rle';
import type { DecodedImage } from '../../../datasets/images/decode';
import { RandomStream } from '../../../detection/nn/random';
import type { Instances } from '../../../detection/structures/instances';
import type { Mask } from '../../../detection/structures/mask';
import type { Size, Window } from '../../../detection/structures/size';

/** A sample after a change, as torchvision has it. */
export interface GoldenSample {
  readonly size: readonly [height: number, width: number];
  readonly pixels: string;
  readonly boxes: readonly number[][];
  readonly points: readonly number[][];
  readonly masks: readonly string[][];
}

/** What was drawn, and what came of it. */
export interface GoldenDraw {
  readonly uniform: number[];
  readonly integer: number[];
  readonly size: readonly [height: number, width: number];
  readonly boxes: readonly number[][];
  readonly labels: readonly number[];
}

interface Golden {
  readonly rotation: readonly (GoldenSample & { readonly degrees: number })[];
  readonly verticalFlip: GoldenSample;
  readonly crop: GoldenSample & { readonly window: Window };
  readonly pad: GoldenSample & { readonly window: Window };
  readonly zoomOut: readonly GoldenDraw[];
  readonly iouCrop: readonly GoldenDraw[];
  readonly copyPaste: readonly (Pick<GoldenSample, 'pixels' | 'masks' | 'boxes'> & {
    readonly selected: readonly number[];
    readonly area: string[];
    readonly labels: readonly number[];
  })[];
}

/** fixtures/make-geometry.py has made it. */
export const golden = JSON.parse(
  readFileSync(join(__dirname, 'fixtures', 'geometry.json'), 'utf8'),
) as Golden;

export const SIZE: Size = { height: 17, width: 24 };

/** The picture of make-geometry.py. */
export function goldenPicture({ height, width }: Size = SIZE): DecodedImage {
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width, i % 3];
    return x * 37 + y * 91 + c * 50 + ((x * y) % 13) * 5;
  });
  return { pixels, size: { height, width } };
}

export function ellipse(cx: number, cy: number, rx: number, ry: number, size: Size = SIZE): Mask {
  const { height, width } = size;
  const pixels = Uint8Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return Number(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1);
  });
  return rleFromMask(pixels, size);
}

/** The objects of make-geometry.py; each has one keypoint. */
export const goldenObjects: Instances = {
  boxes: Float32Array.of(1.5, 2.25, 10.5, 8, 9, 3.5, 21, 15, 19, 10, 24, 17),
  labels: Int32Array.of(1, 2, 3),
  masks: [ellipse(6, 5, 4, 3), ellipse(15, 9, 6, 5.5), ellipse(22, 14, 3, 4)],
  keypoints: Float32Array.of(6, 5.5, 2, 15.25, 9, 2, 22, 16.5, 1),
};

export function maskOfRows(rows: readonly string[]): Mask {
  const size = { height: rows.length, width: rows[0].length };
  return rleFromMask(Uint8Array.from(rows.join(''), Number), size);
}

export function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** A stream whose numbers are given. */
export function drawing({ uniform, integer = [] }: { uniform: number[]; integer?: number[] }): RandomStream {
  const random = new RandomStream(0, 'drawing');
  const [reals, integers] = [[...uniform], [...integer]];
  jest.spyOn(random, 'uniform').mockImplementation(() => reals.shift()!);
  jest.spyOn(random, 'integer').mockImplementation(() => integers.shift()!);
  return random;
}
