import { CategoryMap } from '../../../../datasets/coco/category-map';
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
