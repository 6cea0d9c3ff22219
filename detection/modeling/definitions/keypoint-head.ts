import { fasterRcnnDefaults } from '../faster-rcnn-defaults';
import { keypointRcnnDefaults, keypointSchema, type KeypointSettings } from '../keypoint-rcnn-defaults';
import { KeypointRcnnHeads, KeypointRcnnPredictor } from '../roi/keypoint-head';
import { KeypointStage } from '../roi/keypoint-stage';
import { MultiScaleRoiAlign } from '../roi/multi-scale-roi-align';
import type { RoiHeadDefinition } from './roi-head-definition';

const PREFIX = 'roi_heads.keypoint_';
const PREDICTOR = `${PREFIX}predictor.kps_score_lowres.`;

/** Keypoint R-CNN's keypoint head. @param convolutions channels of each; torchvision's if left out */
export function keypointHead(
  convolutions: readonly number[] = keypointRcnnDefaults.convolutions,
): RoiHeadDefinition<KeypointSettings> {
  return {
    needs: 'keypoints',
    schema: keypointSchema,
    values: keypointRcnnDefaults.settings,
    prefix: PREFIX,
    stateDict: {
      // Keypoints are the same whatever the object's category.
      rowsOfClass: () => [],
      isPredictor: () => false,
      isKeypointPredictor: (entry) => entry.startsWith(PREDICTOR),
      // Of a transposed convolution, [in, K, 4, 4].
      numKeypoints: (entries) => entries.get(`${PREDICTOR}weight`)?.shape[1],
    },
    build({ channels, traits, headGradients, random }, settings) {
      // A detector that needs keypoints has been told which.
      const numKeypoints = traits.keypoints!.names.length;
      return new KeypointStage(
        new MultiScaleRoiAlign(keypointRcnnDefaults.pooledSize, fasterRcnnDefaults.levelMapper),
        new KeypointRcnnHeads(channels, convolutions, random),
        new KeypointRcnnPredictor(convolutions.at(-1) ?? channels, numKeypoints, random),
        settings,
        headGradients,
      );
    },
  };
}

/**
 * Of models on small bodies, where torchvision has no numbers: four convolutions of 128 channels are a thirtieth of the
 * multiplications of torchvision's eight of 512. Chosen by that count: no other width has been trained.
 */
export const smallKeypointConvolutions: readonly number[] = [128, 128, 128, 128];
