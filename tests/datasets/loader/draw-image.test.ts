import sharp from 'sharp';
import { rleArea, rleFromMask, rleToBox, rleToMask } from '../../../datasets/coco/masks/rle';
import type { Example } from '../../../datasets/examples';
import { picturesOf, sizeInBatch } from '../../../datasets/loader/batch-job';
import { drawImage, type AugmentationOptions, type Sample } from '../../../datasets/loader/draw-image';
import { renderImage } from '../../../datasets/loader/render-image';
import type { GeometricAugmentation } from '../../../datasets/transforms/geometry';
import type { InputSpec } from '../../../detection/structures/input-spec';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { batchSlot } from '../../../detection/structures/resize';
import type { Size } from '../../../detection/structures/size';
import { ellipse } from '../transforms/geometry-golden';

/** Black is 0 in an image, as what is outside of pictures is. */
const input: InputSpec = {
  ...torchvisionInput({ minSize: 48, maxSize: 80 }),
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const keypoints = { names: ['center'], flipPairs: [], skeleton: [] };
const plain: AugmentationOptions = { input, keypoints, seed: 3 };
const sizes: Size[] = [
  { height: 40, width: 60 },
  { height: 64, width: 50 },
  { height: 48, width: 48 },
];

/** Pictures of a white disk on black, with a keypoint at its center. */
let examples: Example[];

beforeAll(async () => {
  examples = await Promise.all(
    sizes.map(async (size, i): Promise<Example> => {
      const mask = ellipse(24 + 3 * i, 20, 12, 10, size);
      const [x, y, width, height] = rleToBox(mask);
      const pixels = rleToMask(mask).map((value) => 255 * value);
      return {
        imageId: 10 + i,
        file: new Uint8Array(
          await sharp(pixels, { raw: { ...size, channels: 1 } })
            .png()
            .toBuffer(),
        ),
        size,
        targets: {
          boxes: Float32Array.of(x, y, x + width, y + height),
          labels: Int32Array.of(i + 1),
          masks: [mask],
          keypoints: Float32Array.of(24.5 + 3 * i, 20.5, 2),
        },
      };
    }),
  );
});

function draw(geometry: GeometricAugmentation, number: number, options = plain): Sample {
  return drawImage(examples[number % 3], number, examples, { ...options, geometry });
}

/** [height * width] R of an image. */
async function pixelsOf({ picture }: Sample): Promise<Float32Array> {
  const size = sizeInBatch(picture);
  const values = new Float32Array(size.height * size.width * 3).fill(7);
  await renderImage(picture, input, batchSlot(values, size, 0), () => undefined);
  return values.filter((_, i) => i % 3 === 0);
}

const alone = { flipProbability: 0, minSizes: [48] };
const kinds: [name: string, geometry: GeometricAugmentation][] = [
  ['rotation', { rotation: 180 }],
  ['vertical flip', { verticalFlip: 1 }],
  ['zoom out', { zoomOut: 1 }],
  ['IoU crop', { iouCrop: 1 }],
  ['mosaic', { mosaic: 1 }],
  ['copy-paste', { copyPaste: 1 }],
  ['all', { rotation: 30, verticalFlip: 0.5, zoomOut: 0.5, iouCrop: 0.5, mosaic: 0.5, copyPaste: 0.5 }],
];

describe.each(kinds)('%s', (_, geometry) => {
  test('moves objects with their pixels', async () => {
    for (const scaleJitter of [null, { range: [0.5, 2] as const, side: 64 }]) {
      for (let number = 0; number < 6; number++) {
        const sample = draw(geometry, number, { ...plain, scaleJitter });
        const { boxes, masks, keypoints: points } = sample.targets;
        const size = sizeInBatch(sample.picture);
        const pixels = await pixelsOf(sample);
        const white = rleFromMask(
          Uint8Array.from(pixels, (value) => Number(value > 0.5)),
          size,
        );
        const counted = new Uint8Array(size.height * size.width);
        masks!.forEach((mask, i) => {
          expect(mask.size).toEqual(size);
          rleToMask(mask).forEach((value, at) => (counted[at] |= value));
          if (rleArea(mask) === 0) return;
          const [x, y, width, height] = rleToBox(mask);
          // Masks are resized by the nearest pixel, boxes by their corners: up to a pixel of the original apart.
          const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4);
          expect(x).toBeGreaterThanOrEqual(x1 - 3);
          expect(y).toBeGreaterThanOrEqual(y1 - 3);
          expect(x + width).toBeLessThanOrEqual(x2 + 3);
          expect(y + height).toBeLessThanOrEqual(y2 + 3);
          const [px, py, visibility] = points!.subarray(3 * i, 3 * i + 3);
          if (visibility === 2 && px < size.width && py < size.height) {
            expect(pixels[Math.floor(py) * size.width + Math.floor(px)]).toBeGreaterThan(0.5);
          }
        });
        const inMasks = rleFromMask(counted, size);
        const apart = rleToMask(white).filter((value, at) => value !== counted[at]).length;
        // Along the outlines pixels are mixed. A circle of radius 12 and up has 75 and more on its own.
        expect(apart).toBeLessThanOrEqual(0.25 * rleArea(inMasks) + 30);
      }
    }
  });

  test('is the same however often it is drawn', () => {
    const samples = Array.from({ length: 4 }, (_x, number) => draw(geometry, number));
    expect(Array.from({ length: 4 }, (_x, number) => draw(geometry, number))).toEqual(samples);
    const other = { ...plain, seed: 4 };
    expect(Array.from({ length: 4 }, (_x, number) => draw(geometry, number, other))).not.toEqual(samples);
  });
});

test('what is off changes nothing: flips, sizes and colors are drawn as without it', () => {
  const options = { ...plain, minSizes: [40, 48, 56], photometricDistortion: 0.5 };
  for (let number = 0; number < 20; number++) {
    const { picture, targets } = draw({}, number, options);
    const none = { rotation: 0, verticalFlip: 0, zoomOut: 0, iouCrop: 0, mosaic: 0, copyPaste: 0 };
    expect(draw(none, number, options)).toEqual({ picture, targets });
    expect([picture.steps, picture.mosaic, picture.pasted]).toEqual([undefined, undefined, undefined]);
    const pasted = draw({ copyPaste: 1 }, number, options).picture;
    expect({ ...pasted, pasted: undefined }).toEqual(picture);
    const mosaic = draw({ mosaic: 1 }, number, options).picture;
    expect([mosaic.flip, mosaic.colorChanges, sizeInBatch(mosaic)]).toEqual([
      picture.flip,
      picture.colorChanges,
      sizeInBatch(picture),
    ]);
  }
});

test('a mosaic has the objects of its four pictures, and copy-paste those of two', () => {
  const mosaic = draw({ mosaic: 1 }, 0, { ...plain, ...alone });
  expect(picturesOf(mosaic.picture)).toHaveLength(4);
  expect(mosaic.targets.labels).toHaveLength(4);
  expect(mosaic.targets.labels[0]).toBe(1);
  const pasted = draw({ copyPaste: 1 }, 0, { ...plain, ...alone });
  const [, other] = picturesOf(pasted.picture);
  expect(other.resized).toEqual(sizeInBatch(pasted.picture));
  expect(pasted.targets.labels[pasted.targets.labels.length - 1]).toBe(other.imageId - 9);
});

test('the mirrored half of a pair changes its place in a vertical flip', () => {
  const pair = { names: ['left', 'right'], flipPairs: [[0, 1]] as const, skeleton: [] };
  const targets = { ...examples[0].targets, keypoints: Float32Array.of(1, 2, 2, 5, 6, 1) };
  const sample = drawImage({ ...examples[0], targets }, 0, examples, {
    ...plain,
    ...alone,
    input: { ...input, resize: { kind: 'fixed', ...sizes[0] } },
    minSizes: undefined,
    keypoints: pair,
    geometry: { verticalFlip: 1 },
  });
  expect([...sample.targets.keypoints!]).toEqual([5, 34, 1, 1, 38, 2]);
});
