import { CocoDataset, type CocoAnnotation, type CocoImage } from '../../../datasets/coco/annotations';

/** An object of category 1: x, y, width, height. */
export type Box = readonly [number, number, number, number];

/** A data set with an image for each list of boxes. */
export function datasetOf(
  size: { readonly width: number; readonly height: number },
  ...boxes: readonly (readonly Box[])[]
): CocoDataset {
  const images: CocoImage[] = boxes.map((_, k) => ({ id: k + 1, fileName: `${k + 1}.jpg`, ...size }));
  const annotations = boxes.flatMap((ofImage, k) => ofImage.map((bbox) => ({ bbox, imageId: k + 1 })));
  return new CocoDataset(
    'set.json',
    null,
    images,
    [{ id: 1, name: 'thing' }],
    annotations.map(({ bbox, imageId }, k) => annotationOf(k + 1, imageId, bbox)),
    [],
  );
}

function annotationOf(id: number, imageId: number, bbox: Box): CocoAnnotation {
  return { id, imageId, categoryId: 1, bbox, area: bbox[2] * bbox[3], isCrowd: false };
}
