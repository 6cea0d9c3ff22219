import type { CocoFile } from '../../../datasets/coco/coco-file';

/**
 * A file of pictures that have one object of each of some categories.
 *
 * @param labels of each picture: positions in `names`.
 */
export function fileOf(names: readonly string[], labels: readonly (readonly number[])[]): CocoFile {
  let id = 0;
  return {
    info: { description: 'made up' },
    videos: [{ id: 7 }],
    images: labels.map((_, image) => ({
      id: image + 1,
      file_name: `clip${image % 5}_${String(image).padStart(4, '0')}.jpg`,
      width: 40,
      height: 30,
      video_id: image % 5,
    })),
    annotations: labels.flatMap((ofImage, image) =>
      ofImage.map((label) => ({
        id: ++id,
        image_id: image + 1,
        category_id: 10 * (label + 1),
        bbox: [1, 2, 3, 4] as const,
        score: 0.5,
      })),
    ),
    categories: names.map((name, label) => ({ id: 10 * (label + 1), name, color: 'red' })),
  };
}
