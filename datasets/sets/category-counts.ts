import type { CocoFile } from '../coco/coco-file';

/** How many images and objects a file has of each category. */
export interface CategoryCounts {
  /** By category id: images that have an object of it. */
  readonly images: ReadonlyMap<number, number>;
  /** By category id. */
  readonly annotations: ReadonlyMap<number, number>;
  /** Images without any object. */
  readonly withoutObjects: number;
}

/** Counts the images and objects of each category. */
export function countCategories({ images, annotations, categories }: CocoFile): CategoryCounts {
  const counts = new Map(categories.map(({ id }) => [id, 0]));
  const imagesOf = new Map(categories.map(({ id }) => [id, new Set<number>()]));
  const withObjects = new Set<number>();
  for (const { image_id: image, category_id: category } of annotations) {
    counts.set(category, counts.get(category)! + 1);
    imagesOf.get(category)!.add(image);
    withObjects.add(image);
  }
  return {
    images: new Map([...imagesOf].map(([id, found]) => [id, found.size])),
    annotations: counts,
    withoutObjects: images.length - withObjects.size,
  };
}
