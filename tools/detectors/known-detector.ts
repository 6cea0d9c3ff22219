import { z } from 'zod';
import { InputError } from '../../detection/errors';
import { defaultImageSize, modelNames, type NormName } from '../../detection/modeling/definitions/models';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import type { WeightsContents } from '../../weights/formats/pickle/pickled-state-dict';
import { cocoCategories } from './coco-categories';
import type { LocatedWeights } from './locate-weights';

/** What a checkpoint's `metadata` holds of its detector, so that nobody has to name the model again. */
const knownDetectorSchema = z.object({
  categories: z.array(z.object({ id: z.int(), name: z.string() })).min(1),
  configuration: z.object({
    model: z.object({
      name: z.enum(modelNames),
      minSize: z.int(),
      maxSize: z.int(),
      norm: z.enum(['frozen', 'batch', 'group']),
      // null: the model's own. Checkpoints of before have none.
      normEpsilon: z.number().min(0).nullable().default(null),
    }),
  }),
});

export type KnownDetector = z.output<typeof knownDetectorSchema>;

/** The key of safetensors' metadata for a KnownDetector in JSON. */
export const DETECTOR_METADATA = 'faster_rcnn_detector';

/**
 * What is known of the detector that weights are of, beside its tensors: from the checkpoint that they are in, because
 * torchvision published them, or since the file says so. Undefined where nothing is.
 *
 * @throws InputError where a checkpoint is damaged, or a file's metadata are.
 */
export function knownDetector(
  { file, checkpoint, published }: LocatedWeights,
  { tensors, metadata }: WeightsContents,
): KnownDetector | undefined {
  if (checkpoint !== undefined) {
    // Whoever trains a model of their own through the library says nothing here.
    return knownDetectorSchema.safeParse(readCheckpointState(checkpoint).metadata).data;
  }
  if (published?.detector !== undefined) {
    const { detector, normEpsilon = null } = published;
    const norm = normOf([...tensors.keys()]);
    return {
      categories: cocoCategories(),
      configuration: { model: { name: detector, ...defaultImageSize(detector), norm, normEpsilon } },
    };
  }
  const json = metadata[DETECTOR_METADATA];
  return json === undefined ? undefined : parseKnownDetector(file, json);
}

function parseKnownDetector(file: string, json: string): KnownDetector {
  try {
    return knownDetectorSchema.parse(JSON.parse(json));
  } catch {
    throw new InputError(`${file}: its metadata ${DETECTOR_METADATA} is not what rcnn convert writes`);
  }
}

/** Running statistics tell batch norm from group norm; its counter, one that was trained from a frozen one. */
export function normOf(names: readonly string[]): NormName {
  if (names.some((name) => /^backbone\.body\..*\.num_batches_tracked$/.test(name))) return 'batch';
  return names.some((name) => /^backbone\.body\..*\.running_mean$/.test(name)) ? 'frozen' : 'group';
}
