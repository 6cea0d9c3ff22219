import { z } from 'zod';

/** What is stored of score thresholds: `rcnn evaluate --thresholds` finds them. */
export const scoreThresholds = z
  .object({
    /** What they are to do: `f1`, or `precision=0.9`. */
    goal: z.string(),
    /** By label - 1: the lowest score that counts; null for a category that has no such score. */
    scores: z.array(z.number().nullable()).readonly(),
  })
  .readonly();

/** From which scores on detections of each category count. */
export type ScoreThresholds = z.output<typeof scoreThresholds>;
