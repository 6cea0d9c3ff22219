import { z } from 'zod';
import { compressMask, parseRle } from '../../datasets/coco/masks/rle';
import type { Detections } from '../../detection/structures/instances';

const numbers = z.array(z.number());

const storedDetections = z.object({
  imageId: z.int(),
  boxes: numbers,
  labels: numbers,
  scores: numbers,
  masks: z.array(z.object({ size: numbers, counts: z.string() })).optional(),
  keypoints: numbers.optional(),
  keypointScores: numbers.optional(),
});

/** What was found in an image, as JSON has it: each number is there to its last bit. */
export type StoredDetections = z.infer<typeof storedDetections>;

/** Makes JSON of what was found in an image. */
export function storeDetections(imageId: number, found: Detections): StoredDetections {
  const { boxes, labels, scores, masks, keypoints, keypointScores } = found;
  return {
    imageId,
    boxes: [...boxes],
    labels: [...labels],
    scores: [...scores],
    ...(masks && { masks: masks.map(storedMask) }),
    ...(keypoints && { keypoints: [...keypoints] }),
    ...(keypointScores && { keypointScores: [...keypointScores] }),
  };
}

function storedMask(mask: NonNullable<Detections['masks']>[number]): { size: number[]; counts: string } {
  const { size, counts } = compressMask(mask);
  return { size: [...size], counts };
}

/** What was found, from JSON; undefined where that is something else. */
export function restoreDetections(stored: unknown): { imageId: number; found: Detections } | undefined {
  const { data } = storedDetections.safeParse(stored);
  if (!data) return undefined;
  const { imageId, boxes, labels, scores, masks, keypoints, keypointScores } = data;
  return {
    imageId,
    found: {
      boxes: Float32Array.from(boxes),
      labels: Int32Array.from(labels),
      scores: Float32Array.from(scores),
      ...(masks && { masks: masks.map(parseRle) }),
      ...(keypoints && { keypoints: Float32Array.from(keypoints) }),
      ...(keypointScores && { keypointScores: Float32Array.from(keypointScores) }),
    },
  };
}
