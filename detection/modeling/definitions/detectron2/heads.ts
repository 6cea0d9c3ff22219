import { DETECTRON2_SAMPLING } from '../../../ops/roi-pooling';
import { detectron2Levels } from '../../detectron2-defaults';
import { keypointRcnnDefaults, keypointSchema, type KeypointSettings } from '../../keypoint-rcnn-defaults';
import {
  maskRcnnDefaults,
  maskSchema,
  type MaskHeadLayers,
  type MaskSettings,
} from '../../mask-rcnn-defaults';
import { KeypointRcnnHeads, KeypointRcnnPredictor } from '../../roi/keypoint-head';
import { KeypointStage } from '../../roi/keypoint-stage';
import { MaskRcnnHeads } from '../../roi/mask-head';
import { MaskRcnnPredictor } from '../../roi/mask-predictor';
import { MaskStage } from '../../roi/mask-stage';
import { MultiScaleRoiAlign } from '../../roi/multi-scale-roi-align';
import type { RoiHeadDefinition, RoiHeadTraits } from '../roi-head-definition';

/** Of the levels of a pyramid that regions are pooled from. */
const POOLED_STRIDES = [4, 8, 16, 32];

/** detectron2's ROIPooler with ROIAlignV2. @param strides of the levels that regions are pooled from; a pyramid's if left out */
export function detectron2Pooler(
  size: number,
  strides: readonly number[] = POOLED_STRIDES,
): MultiScaleRoiAlign {
  const scales = strides.map((stride) => 1 / stride);
  return new MultiScaleRoiAlign(size, detectron2Levels, DETECTRON2_SAMPLING, scales);
}

const MASK_PREFIX = 'roi_heads.mask_head.';
const MASK_PREDICTOR = `${MASK_PREFIX}predictor.`;

/** What detectron2's mask heads have in common: no mask of the background. */
export const detectron2MaskTraits: RoiHeadTraits<MaskSettings> = {
  needs: 'masks',
  schema: maskSchema,
  values: maskRcnnDefaults.settings,
  prefix: MASK_PREFIX,
  stateDict: {
    rowsOfClass: (entry, label) =>
      entry.startsWith(MASK_PREDICTOR) && label > 0 ? [{ start: label - 1, end: label }] : [],
    isPredictor: (entry) => entry.startsWith(MASK_PREDICTOR),
  },
};

/** detectron2's MaskRCNNConvUpsampleHead: no mask of the background, binary targets, and its own way to paste. */
export function detectron2MaskHead(
  layers: MaskHeadLayers = maskRcnnDefaults.layers,
): RoiHeadDefinition<MaskSettings> {
  return {
    ...detectron2MaskTraits,
    build({ channels, traits, headGradients, random }, settings) {
      const { convolutions, predictor } = layers;
      const numClasses = traits.categories.length;
      return new MaskStage(
        detectron2Pooler(maskRcnnDefaults.pooledSize),
        new MaskRcnnHeads(channels, convolutions, undefined, random),
        new MaskRcnnPredictor(convolutions.at(-1) ?? channels, predictor, numClasses, random, 1),
        settings,
        headGradients,
        'detectron2',
      );
    },
  };
}

const KEYPOINT_PREFIX = 'roi_heads.keypoint_head.';
const KEYPOINT_PREDICTOR = `${KEYPOINT_PREFIX}score_lowres.`;
/** detectron2 adds half a pixel to the keypoints of a file, and takes it from those that it writes. */
const KEYPOINT_SHIFT = 0.5;

/** detectron2's KRCNNConvDeconvUpsampleHead. */
export function detectron2KeypointHead(): RoiHeadDefinition<KeypointSettings> {
  const { convolutions } = keypointRcnnDefaults;
  return {
    needs: 'keypoints',
    schema: keypointSchema,
    values: keypointRcnnDefaults.settings,
    prefix: KEYPOINT_PREFIX,
    stateDict: {
      rowsOfClass: () => [],
      isPredictor: () => false,
      isKeypointPredictor: (entry) => entry.startsWith(KEYPOINT_PREDICTOR),
      numKeypoints: (entries) => entries.get(`${KEYPOINT_PREDICTOR}weight`)?.shape[1],
    },
    build({ channels, traits, headGradients, random }, settings) {
      return new KeypointStage(
        detectron2Pooler(keypointRcnnDefaults.pooledSize),
        new KeypointRcnnHeads(channels, convolutions, random),
        new KeypointRcnnPredictor(convolutions.at(-1)!, traits.keypoints!.names.length, random),
        settings,
        headGradients,
        KEYPOINT_SHIFT,
      );
    },
  };
}
