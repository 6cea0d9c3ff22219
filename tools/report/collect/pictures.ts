import path from 'node:path';
import type { CocoDataset, CocoImage } from '../../../datasets/coco/annotations';
import { gtTargets, type TargetOptions } from '../../../datasets/coco/targets';
import { scaledBoxes } from '../../../datasets/drawing/draw-detections';
import { objectsToDraw } from '../../../datasets/drawing/objects-to-draw';
import { decodeImage, ImageError } from '../../../datasets/images/decode';
import { aboveThreshold } from '../../../datasets/evaluation/detect-images';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { sizeOfSide } from '../../../datasets/images/picture-size';
import { encodePicture } from '../../html/encode-picture';
import type { Picture } from '../../html/figure';
import type { GalleryImage } from '../data';

/** Pictures of the gallery: enough to judge by. */
const GALLERY_SIZE = 12;
/** Longer side, pixels: two dozen photographs are a page of one or two megabytes. */
const PICTURE_SIDE = 480;

/** Pictures spread evenly over the validation set, which has the detector's categories. */
export async function galleryImages(
  { dataset: val, detections }: DetectorEvaluation,
  parts: TargetOptions,
  minScore: number,
): Promise<GalleryImage[]> {
  const count = Math.min(GALLERY_SIZE, val.images.length);
  const chosen = Array.from(
    { length: count },
    (_, k) => val.images[Math.floor((k * val.images.length) / count)],
  );
  const drawnAs = {
    nameOf: (label: number) => val.categoryMap.nameOf(label),
    layout: parts.keypoints,
  };
  const images = await Promise.all(
    chosen.map(async (image): Promise<GalleryImage[]> => {
      const picture = await thumbnail(val, image);
      if (picture === undefined) return [];
      const found = aboveThreshold(detections.get(image.id)!, minScore);
      const [truth, drawn] = [gtTargets(val, image, parts), found].map((instances) =>
        scaledBoxes(objectsToDraw(instances, drawnAs), image, picture),
      );
      return [{ ...picture, truth, detections: drawn }];
    }),
  );
  return images.flat();
}

/**
 * A picture of a data set, of the size that pages show. Undefined where it cannot be read any more: that is no reason to lose
 * the report of a long run.
 */
export async function thumbnail(
  { imageFolder }: CocoDataset,
  { fileName }: CocoImage,
): Promise<Picture | undefined> {
  const decoded = await decodeImage(path.join(imageFolder ?? '', fileName), { upright: true }).catch(
    (error: unknown) => {
      if (error instanceof ImageError) return undefined;
      throw error;
    },
  );
  if (decoded === undefined) return undefined;
  const { pixels, size } = decoded;
  const shown = sizeOfSide(size, PICTURE_SIDE);
  const jpeg = await encodePicture({ pixels, size }, shown);
  return { fileName, ...shown, jpeg };
}
