import { z } from 'zod';
import {
  categoriesIn,
  evaluateFound,
  type DetectorEvaluation,
} from '../../datasets/evaluation/evaluate-found';
import { InputError } from '../../detection/errors';
import { keypointLayout } from '../../weights/detectors/detector-metadata';
import { sha256Of } from '../../weights/file-hash';
import { needsOf } from '../run/evaluation-tasks';
import { readSet } from '../run/training-data';
import { logLine } from '../terminal/progress';
import type { MergedShards } from './shard-file';
import { restoreDetections } from './stored-detections';

const iouType = z.enum(['bbox', 'segm', 'keypoints']);

/** Of what shares have in common, what an evaluation goes by. */
const evaluated = z.object({
  annotations: z.string(),
  iouType: iouType.optional(),
  ignoreCategory: z.array(z.string()).optional(),
  keypointSigmas: z.array(z.number()).optional(),
  maxPixels: z.number().optional(),
  detector: z.object({
    categories: z.array(z.object({ id: z.number().optional(), name: z.string() })),
    iouTypes: z.array(iouType),
    keypoints: keypointLayout.optional(),
    detectionsPerImage: z.number(),
  }),
});

/** What was asked for, and what it comes to. */
export interface MergedEvaluation {
  readonly evaluation: DetectorEvaluation;
  /** What alone was asked for, if anything. */
  readonly asked?: z.infer<typeof iouType>;
}

/**
 * Evaluates what shares have found, as one process would have.
 *
 * @throws InputError where the data set is not the one that the shares are of.
 */
export async function mergeEvaluation(
  { made, contents, total }: MergedShards,
  annotations: string,
  images: string,
): Promise<MergedEvaluation> {
  const { data } = evaluated.safeParse(made);
  const restored = contents.map(restoreDetections).filter((each) => each !== undefined);
  if (!data || restored.length < total) {
    throw new InputError('shard-invalid', 'the shares lack what an evaluation goes by; run them again', {});
  }
  const { detector, ignoreCategory: categories, keypointSigmas: sigmas, maxPixels } = data;
  if ((await sha256Of(annotations)) !== data.annotations) {
    throw new InputError(
      'shard-foreign',
      `${annotations}: is not the file that the shares were made with; --annotations names another one`,
      { file: annotations },
    );
  }
  const { iouTypes } = detector;
  const set = await readSet(annotations, images, {
    ignoring: { categories },
    maxPixels,
    needs: needsOf(iouTypes),
  });
  const meant = categoriesIn(set, detector, logLine);
  const found = new Map(restored.map((each) => [each.imageId, each.found]));
  const evaluation = evaluateFound(set, found, { ...detector, meant, sigmas, log: logLine });
  return { evaluation, asked: data.iouType };
}
