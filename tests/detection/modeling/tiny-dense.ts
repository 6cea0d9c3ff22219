/** The tiny one-stage detectors of the golden numbers. */
import { BackboneWithFpn, LastLevelP6P7 } from '../../../detection/modeling/backbone/feature-pyramid';
import { ClassificationHead } from '../../../detection/modeling/dense/classification-head';
import { DenseTower, type TowerNames } from '../../../detection/modeling/dense/dense-tower';
import { FcosRegressionHead } from '../../../detection/modeling/dense/fcos-regression-head';
import { RetinaNetRegressionHead } from '../../../detection/modeling/dense/retinanet-regression-head';
import { Fcos, FcosHead } from '../../../detection/modeling/fcos';
import { fcosDefaults, type FcosSettings } from '../../../detection/modeling/fcos-defaults';
import { BoxCoder } from '../../../detection/modeling/matching/box-coder';
import { DistanceCoder } from '../../../detection/modeling/matching/distance-coder';
import { Matcher } from '../../../detection/modeling/matching/matcher';
import { LocationMatcher } from '../../../detection/modeling/matching/location-matcher';
import { RetinaNet, RetinaNetHead } from '../../../detection/modeling/retinanet';
import {
  octaveOf,
  retinaNetDefaults,
  type RetinaNetSettings,
} from '../../../detection/modeling/retinanet-defaults';
import { withSettings, type DeepPartial } from '../../../detection/modeling/settings';
import { AnchorGenerator } from '../../../detection/modeling/rpn/anchor-generator';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import { GroupNorm } from '../../../detection/nn/normalization';
import { RandomStream } from '../../../detection/nn/random';
import { fillByFormula, GoldenBody, type Golden } from './tiny-golden';
import { traits } from './traits';

const CHANNELS = 8;
/** Golden models have labels 0..3. */
const NUM_LABELS = 4;
const random = new RandomStream(0, 'unused');

function backbone(source: 'P5' | 'C5'): BackboneWithFpn {
  return new BackboneWithFpn(new GoldenBody(), {
    outChannels: CHANNELS,
    numMaps: 3,
    lastLevels: new LastLevelP6P7(source, CHANNELS, CHANNELS, random),
    random,
  });
}

function tower(names: TowerNames, { biased, grouped }: { biased: boolean; grouped: boolean }): DenseTower {
  return new DenseTower({
    channels: CHANNELS,
    depth: 4,
    names,
    biased,
    normalization: grouped ? (channels) => new GroupNorm(channels, 2) : undefined,
    random,
  });
}

/**
 * @param boxLoss L1 in the first version, GIoU in the second, which has group norm too.
 * @param changes of its losses
 */
export function buildTinyRetinaNet(
  boxLoss: 'l1' | 'giou',
  changes: DeepPartial<RetinaNetSettings['losses']> = {},
) {
  return (golden: Golden, headGradients?: HeadGradients): RetinaNet => {
    const ownLosses: RetinaNetSettings['losses'] = { ...retinaNetDefaults.losses, box: boxLoss };
    const losses = withSettings(ownLosses, changes);
    const sizes = [8, 16, 32, 64, 128].map(octaveOf);
    const anchors = new AnchorGenerator(
      sizes,
      sizes.map(() => retinaNetDefaults.anchors.aspectRatios),
    );
    const { bboxWeights, dense } = retinaNetDefaults;
    const boxCoder = new BoxCoder(bboxWeights);
    const ofHead = () =>
      tower((i) => ({ convolution: `${i}.0`, normalization: `${i}.1` }), {
        biased: false,
        grouped: boxLoss === 'giou',
      });
    const head = new RetinaNetHead(
      new ClassificationHead(ofHead(), CHANNELS, 9, NUM_LABELS, random, losses, headGradients),
      new RetinaNetRegressionHead(ofHead(), CHANNELS, 9, random, boxCoder, losses, headGradients),
    );
    const model = new RetinaNet(
      traits(NUM_LABELS - 1),
      backbone(boxLoss === 'l1' ? 'P5' : 'C5'),
      anchors,
      head,
      new Matcher(dense.fgIouThreshold, dense.bgIouThreshold, true),
      boxCoder,
      { ...dense, scoreThreshold: 0.15, topkCandidates: 60, detectionsPerImage: 20 },
    );
    fillByFormula(model, golden);
    return model;
  };
}

/** @param changes of its losses */
export function buildTinyFcos(
  golden: Golden,
  headGradients?: HeadGradients,
  changes: DeepPartial<FcosSettings['losses']> = {},
): Fcos {
  const sizes = [[4], [8], [16], [32], [64]];
  const anchors = new AnchorGenerator(
    sizes,
    sizes.map(() => [1]),
  );
  const ofHead = () =>
    tower((i) => ({ convolution: String(3 * i), normalization: String(3 * i + 1) }), {
      biased: true,
      grouped: true,
    });
  const losses = withSettings<FcosSettings['losses']>(fcosDefaults.losses, changes);
  const head = new FcosHead(
    new ClassificationHead(ofHead(), CHANNELS, 1, NUM_LABELS, random, losses, headGradients),
    new FcosRegressionHead(ofHead(), CHANNELS, random, new DistanceCoder(), losses, headGradients),
  );
  const { dense } = fcosDefaults;
  const model = new Fcos(
    traits(NUM_LABELS - 1),
    backbone('P5'),
    anchors,
    head,
    new LocationMatcher(dense.centerSamplingRadius),
    { ...dense, scoreThreshold: 0.3, topkCandidates: 60, detectionsPerImage: 20 },
  );
  fillByFormula(model, golden);
  return model;
}
