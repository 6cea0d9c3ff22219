import { fasterRcnnDefaults } from '../faster-rcnn-defaults';
import { maskRcnnDefaults, maskSchema, type MaskHeadLayers, type MaskSettings } from '../mask-rcnn-defaults';
import { MaskRcnnHeads } from '../roi/mask-head';
import { MaskRcnnPredictor } from '../roi/mask-predictor';
import { MaskStage } from '../roi/mask-stage';
import { MultiScaleRoiAlign } from '../roi/multi-scale-roi-align';
import type { RoiHeadDefinition } from './roi-head-definition';

const PREFIX = 'roi_heads.mask_';
const PREDICTOR = `${PREFIX}predictor.mask_fcn_logits.`;

/** Mask R-CNN's mask head. @param layers torchvision's if left out */
export function maskHead(layers: MaskHeadLayers = maskRcnnDefaults.layers): RoiHeadDefinition<MaskSettings> {
  return {
    needs: 'masks',
    schema: maskSchema,
    values: maskRcnnDefaults.settings,
    prefix: PREFIX,
    stateDict: {
      rowsOfClass: (entry, label) => (entry.startsWith(PREDICTOR) ? [{ start: label, end: label + 1 }] : []),
      isPredictor: (entry) => entry.startsWith(PREDICTOR),
    },
    build({ channels, normalization, traits, headGradients, random }, settings) {
      const { convolutions, predictor } = layers;
      return new MaskStage(
        new MultiScaleRoiAlign(maskRcnnDefaults.pooledSize, fasterRcnnDefaults.levelMapper),
        new MaskRcnnHeads(channels, convolutions, normalization, random),
        new MaskRcnnPredictor(convolutions.at(-1) ?? channels, predictor, traits.categories.length, random),
        settings,
        headGradients,
      );
    },
  };
}

/**
 * Of models on small bodies, where torchvision has no numbers: as wide as the tiny model's pyramid. Four convolutions of 64
 * channels take a sixteenth of the time of torchvision's.
 */
export const smallMaskLayers: MaskHeadLayers = { convolutions: [64, 64, 64, 64], predictor: 64 };
