import fc from 'fast-check';
import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import type { CocoDetection } from '../../../datasets/evaluation/detections';

type SmallAnnotation = Omit<CocoAnnotation, 'id' | 'area' | 'isCrowd'> & { readonly isCrowd?: boolean };

/** Two pictures, 7 and 9, with objects of the categories 1 (cat) and 5 (dog). */
export function dataset(annotations: readonly SmallAnnotation[]): CocoDataset {
  const images = [7, 9].map((id) => ({ id, fileName: '', width: 100, height: 100 }));
  const categories = [
    { id: 1, name: 'cat' },
    { id: 5, name: 'dog' },
  ];
  const whole = annotations.map((annotation, k) => {
    const [, , width, height] = annotation.bbox;
    return { isCrowd: false, ...annotation, id: k + 1, area: width * height };
  });
  return new CocoDataset('truth.json', null, images, categories, whole, []);
}

const place = {
  x: fc.integer({ min: 0, max: 60 }),
  y: fc.integer({ min: 0, max: 60 }),
  side: fc.integer({ min: 10, max: 40 }),
  image: fc.constantFrom(7, 9),
  category: fc.constantFrom(1, 5),
};

export function anyAnnotations(): fc.Arbitrary<SmallAnnotation[]> {
  return fc.array(
    fc.record({ ...place, isCrowd: fc.boolean() }).map(({ x, y, side, image, category, isCrowd }) => ({
      imageId: image,
      categoryId: category,
      bbox: [x, y, side, side] as const,
      isCrowd,
    })),
  );
}

export function anyDetections(): fc.Arbitrary<CocoDetection[]> {
  return fc.array(
    fc
      .record({ ...place, score: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.7, 1) })
      .map(({ x, y, side, image, category, score }) => ({
        image_id: image,
        category_id: category,
        bbox: [x, y, side, side],
        score,
      })),
  );
}
