import type { ModelDefinition } from '../../detection/modeling/detector';
import { readCheckpointState } from '../checkpoints/checkpoint';
import type { WeightsContents } from '../formats/pickle/pickled-state-dict';
import { cocoCategories } from '../../datasets/coco/categories/coco-categories';
import type { LocatedWeights } from './locate-weights';
import { readableMetadata, type KnownDetector } from './detector-metadata';
import { detectorOfFile, fromMetadata } from './file-metadata';
import { normOf } from './norm-of';
import { unnamedKeypoints } from './unnamed-keypoints';

/**
 * What is known of the detector that weights are of, beside its tensors: from the checkpoint that they are in, because
 * torchvision published them, or since the file says so. Undefined where nothing is.
 *
 * @param wanted a model that may be meant, registered or not
 * @throws InputError where a checkpoint is damaged, or a file's metadata are.
 */
export function knownDetector(
  { file, checkpoint, published }: LocatedWeights,
  { tensors, metadata }: WeightsContents,
  wanted?: ModelDefinition,
): KnownDetector | undefined {
  if (checkpoint !== undefined) {
    // Whoever trains a model of their own through the library says nothing here.
    const said = readableMetadata.safeParse(readCheckpointState(checkpoint).metadata).data;
    return said && fromMetadata(checkpoint, said, wanted);
  }
  if (published?.weights.of === 'detector') {
    const { definition, weights } = published;
    const norm = normOf(definition, [...tensors.keys()]);
    const keypoints = unnamedKeypoints(definition.stateDict.numKeypoints?.(tensors));
    const options = {
      norm,
      epsilon: weights.epsilon,
      input: definition.input,
      ...(keypoints && { keypoints }),
    };
    return { definition, options, categories: weights.categories ?? cocoCategories() };
  }
  return detectorOfFile(file, metadata, wanted);
}
