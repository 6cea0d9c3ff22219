import { CategoryMap } from '../../../../datasets/coco/categories/category-map';
import { rleFromMask } from '../../../../datasets/coco/masks/rle';
import type { FoundPicture } from '../../../../tools/detect/outputs/found-picture';

/** A detector's categories, with names that may be anything. */
export const categories = new CategoryMap(
  [
    { id: 3, name: 'a "dog", big' },
    { id: 8, name: '../x' },
  ],
  'the detector',
);

/** A picture of 40 x 20 pixels whose red is the column and green the row, with two objects of the two categories. */
export function foundPicture(file: string, name = file): FoundPicture {
  const size = { width: 40, height: 20 };
  const pixels = new Uint8Array(40 * 20 * 3);
  for (let at = 0; at < 800; at++) pixels.set([at % 40, Math.floor(at / 40), 0], 3 * at);
  return {
    input: { file, name },
    size,
    pixels,
    categories,
    detections: {
      boxes: Float32Array.of(10, 5, 30, 15, 0.5, 0.25, 4, 20),
      labels: Int32Array.of(2, 1),
      scores: Float32Array.of(0.75, 0.5),
    },
  };
}

/** A picture without objects. */
export function emptyPicture(file: string, name = file): FoundPicture {
  const detections = { boxes: new Float32Array(), labels: new Int32Array(), scores: new Float32Array() };
  return { ...foundPicture(file, name), detections };
}

/** The same objects with masks: that of the first has two parts, that of the second is empty. */
export function foundWithMasks(file: string, name = file): FoundPicture {
  const found = foundPicture(file, name);
  const pixels = new Uint8Array(40 * 20);
  for (let y = 6; y < 10; y++) for (const x of [12, 13, 20, 21]) pixels[40 * y + x] = 1;
  const masks = [pixels, new Uint8Array(40 * 20)].map((mask) => rleFromMask(mask, found.size));
  return { ...found, detections: { ...found.detections, masks } };
}

/** The same objects with two keypoints each, of which the first object's second was not found. */
export function foundWithKeypoints(file: string, name = file): FoundPicture {
  const found = foundPicture(file, name);
  const keypoints = Float32Array.of(10, 5, 1, 20, 10, 1, 1, 15, 1, 4, 20, 1);
  const keypointScores = Float32Array.of(2, -1, 3, 4);
  return {
    ...found,
    keypoints: { names: ['head', 'tail'], flipPairs: [], skeleton: [[0, 1]] },
    detections: { ...found.detections, keypoints, keypointScores },
  };
}
