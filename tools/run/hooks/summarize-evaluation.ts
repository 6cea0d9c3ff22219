import path from 'node:path';
import sharp from 'sharp';
import type { CocoDataset, CocoImage } from '../../../datasets/coco/annotations';
import { gtTargets, type TargetOptions } from '../../../datasets/coco/targets';
import { scaledBoxes } from '../../../datasets/drawing/draw-detections';
import { objectsToDraw } from '../../../datasets/drawing/objects-to-draw';
import type { LabeledBox } from '../../../datasets/drawing/overlay-svg';
import { truthOf } from '../../../datasets/evaluation/evaluate-tasks';
import { scoreCurves, type ScoreCurve } from '../../../datasets/evaluation/errors/score-curves';
import { decodeImage } from '../../../datasets/images/decode';
import { ignoreImageError } from '../../../datasets/images/image-error';
import type { EventStorage, SummaryBox, SummaryImage } from '../../../detection/events/event-storage';
import type { Detections } from '../../../detection/structures/instances';
import type { Mask } from '../../../detection/structures/mask';
import { resizeMask } from '../../../detection/structures/mask-transforms';
import type { Size } from '../../../detection/structures/size';
import { aboveThreshold } from '../../../datasets/evaluation/detect-images';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { sizeOfSide } from '../../../datasets/images/picture-size';
import { evaluationsOf, metricPrefix } from '../tasks';

/** A handful is looked at again and again, to see the detector learn. */
const NUM_PICTURES = 4;
/** Longer side, pixels. */
const PICTURE_SIDE = 640;
/** Detections that are drawn. */
const MIN_SCORE = 0.5;
/** As TensorBoard's own pr_curve summaries have it. */
const NUM_THRESHOLDS = 201;

/**
 * Tells what an evaluation found, beyond its scores: precision and recall over the scores, of each category and of all
 * together, for each task; and a few pictures with their true objects (left) and those found (right).
 *
 * @param result on a data set with the detector's categories
 * @param parts what is drawn of objects beside their boxes
 */
export async function summarizeEvaluation(
  storage: EventStorage,
  result: DetectorEvaluation,
  parts: TargetOptions,
): Promise<void> {
  const { dataset, detections, results } = result;
  const known = results.filter(({ category_id }) => dataset.hasCategory(category_id));
  for (const { iouType } of evaluationsOf(result)) {
    const prefix = `${metricPrefix(iouType)}precision_recall`;
    const sigmas = parts.keypoints?.sigmas;
    const curves = scoreCurves(truthOf(dataset, iouType), known, NUM_THRESHOLDS, { iouType, sigmas });
    storage.precisionRecall(`${prefix}/all categories`, total(curves));
    dataset.categories.forEach(({ id, name }, k) =>
      storage.precisionRecall(`${prefix}/${id} ${name}`, curves[k]),
    );
  }
  for (const image of spread(dataset.images)) {
    // A picture that has broken since it was evaluated is not shown; whoever needs it says so when its turn comes.
    const picture = await withGroundTruth(dataset, image, detections.get(image.id)!, parts).catch(
      ignoreImageError,
    );
    if (picture) storage.image(`val/picture/${image.fileName}`, picture);
  }
}

function total(curves: readonly ScoreCurve[]): ScoreCurve {
  const sum = (values: (curve: ScoreCurve) => Float64Array): Float64Array =>
    new Float64Array(NUM_THRESHOLDS).map((_, t) => curves.reduce((all, curve) => all + values(curve)[t], 0));
  return {
    truePositives: sum((curve) => curve.truePositives),
    falsePositives: sum((curve) => curve.falsePositives),
    numTruths: curves.reduce((all, { numTruths }) => all + numTruths, 0),
  };
}

/** Pictures spread evenly over the set, the same at each evaluation. */
function spread(images: readonly CocoImage[]): CocoImage[] {
  const count = Math.min(NUM_PICTURES, images.length);
  return Array.from({ length: count }, (_, k) => images[Math.floor((k * images.length) / count)]);
}

async function withGroundTruth(
  dataset: CocoDataset,
  image: CocoImage,
  detections: Detections,
  parts: TargetOptions,
): Promise<SummaryImage> {
  const { pixels, size } = await decodeImage(path.join(dataset.imageFolder ?? '', image.fileName), {
    upright: true,
  });
  const shown = sizeOfSide(size, PICTURE_SIDE);
  const { width, height } = shown;
  const twice = await sharp(pixels, { raw: { ...size, channels: 3 } })
    .resize({ width, height, fit: 'fill' })
    .extend({ right: width, extendWith: 'repeat' })
    .raw()
    .toBuffer();
  const drawnAs = { nameOf: (label: number) => dataset.categoryMap.nameOf(label), layout: parts.keypoints };
  const [truth, found] = [gtTargets(dataset, image, parts), aboveThreshold(detections, MIN_SCORE)].map(
    (instances) => scaledBoxes(objectsToDraw(instances, drawnAs), image, shown),
  );
  return {
    width: 2 * width,
    height,
    pixels: twice,
    // The best last, on top.
    boxes: [
      ...truth.map((each) => onHalf(each, shown, 0)),
      ...found.map((each) => onHalf(each, shown, 1)).reverse(),
    ],
  };
}

/** An object of a picture, in one that has the picture twice: on its left half, or on its right. */
function onHalf({ box, mask, keypoints, ...each }: LabeledBox, size: Size, half: 0 | 1): SummaryBox {
  const [x1, y1, x2, y2] = box;
  const left = half * size.width;
  return {
    ...each,
    box: [left + x1, y1, left + x2, y2],
    ...(mask && { mask: maskOnHalf(resizeMask(mask, size), half) }),
    ...(keypoints && {
      keypoints: {
        ...keypoints,
        points: Array.from(keypoints.points, (value, i) => (i % 3 === 0 ? left + value : value)),
      },
    }),
  };
}

/** Runs go column by column: the other half is one more run. */
function maskOnHalf({ size: { height, width }, counts }: Mask, half: 0 | 1): Mask {
  const other = height * width;
  return {
    size: { height, width: 2 * width },
    // Where the last run is of ones, one of zeros follows; otherwise an empty run of ones lies between.
    counts:
      half === 1
        ? Uint32Array.of(other + counts[0], ...counts.subarray(1))
        : Uint32Array.from(counts.length % 2 === 0 ? [...counts, other] : [...counts, 0, other]),
  };
}
