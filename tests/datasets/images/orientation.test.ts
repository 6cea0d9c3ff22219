import fc from 'fast-check';
import sharp from 'sharp';
import { decodeImage } from '../../../datasets/images/decode';
import {
  inverseOrientation,
  orientationOf,
  turnBox,
  turnPoint,
  turnSize,
  type Orientation,
} from '../../../datasets/images/orientation';

const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

test.each(orientations)('orientation %d turns boxes as the decoder turns pixels', async (orientation) => {
  const size = { width: 7, height: 5 };
  const box = [1, 0, 2, 3] as const;
  // White in the box, black elsewhere; one corner of the box is red.
  const pixels = Buffer.alloc(size.width * size.height * 3);
  for (let y = box[1]; y < box[1] + box[3]; y++) {
    for (let x = box[0]; x < box[0] + box[2]; x++) pixels.set([255, 255, 255], 3 * (y * size.width + x));
  }
  pixels.set([255, 0, 0], 3 * (box[1] * size.width + box[0]));
  const png = await sharp(pixels, { raw: { ...size, channels: 3 } })
    .withMetadata({ orientation })
    .png()
    .toBuffer();
  const turned = await decodeImage(png, { upright: true });
  expect(turned.size).toEqual(turnSize(size, orientation));
  const [left, top, width, height] = turnBox(box, orientation, size);
  const [redX, redY] = turnPoint([box[0] + 0.5, box[1] + 0.5], orientation, size);
  for (let y = 0; y < turned.size.height; y++) {
    for (let x = 0; x < turned.size.width; x++) {
      const inside = x >= left && x < left + width && y >= top && y < top + height;
      const red = x + 0.5 === redX && y + 0.5 === redY;
      const rest = inside && !red ? 255 : 0;
      const at = 3 * (y * turned.size.width + x);
      expect([...turned.pixels.subarray(at, at + 3)]).toEqual([inside ? 255 : 0, rest, rest]);
    }
  }
});

test('turning back undoes turning', () => {
  const coordinate = fc.integer({ min: -200, max: 4000 }).map((value) => value / 4);
  const side = fc.integer({ min: 1, max: 900 });
  fc.assert(
    fc.property(
      fc.constantFrom(...orientations),
      fc.record({ width: side, height: side }),
      fc.tuple(coordinate, coordinate, coordinate, coordinate),
      (orientation, size, box) => {
        const back = inverseOrientation(orientation);
        const turned = turnSize(size, orientation);
        expect(turnSize(turned, back)).toEqual(size);
        expect(turnBox(turnBox(box, orientation, size), back, turned)).toEqual(box);
        const point: [number, number] = [box[0], box[1]];
        expect(turnPoint(turnPoint(point, orientation, size), back, turned)).toEqual(point);
      },
    ),
  );
});

test('what is no orientation counts as none', () => {
  expect([undefined, 0, 9, 1.5, 6].map(orientationOf)).toEqual([1, 1, 1, 1, 6]);
});
