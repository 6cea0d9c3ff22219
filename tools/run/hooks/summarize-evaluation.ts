import path from 'node:path';
import sharp from 'sharp';
import type { CocoDataset, CocoImage } from '../../../datasets/coco/annotations';
import { gtTargets } from '../../../datasets/coco/targets';
import { categoryColor } from '../../../datasets/drawing/palette';
import { scoreCurves, type ScoreCurve } from '../../../datasets/evaluation/score-curves';
import { decodeImage } from '../../../datasets/images/decode';
import { ignoreImageError } from '../../../datasets/images/image-error';
import type { EventStorage, SummaryBox, SummaryImage } from '../../../detection/events/event-storage';
import { scaleBoxes, type Boxes } from '../../../detection/structures/boxes';
import type { Detections } from '../../../detection/structures/instances';
import { aboveThreshold } from '../../../datasets/evaluation/detect-images';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { sizeOfSide } from '../../../datasets/images/picture-size';

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
 * together, and a few pictures with their true boxes (left) and those found (right).
 *
 * @param evaluation on a data set with the detector's categories
 */
export async function summarizeEvaluation(
  storage: EventStorage,
  { dataset, detections, results }: DetectorEvaluation,
): Promise<void> {
  const known = results.filter(({ category_id }) => dataset.hasCategory(category_id));
  const curves = scoreCurves(dataset, known, NUM_THRESHOLDS);
  storage.precisionRecall('val/precision_recall/all categories', total(curves));
  dataset.categories.forEach(({ id, name }, k) =>
    storage.precisionRecall(`val/precision_recall/${id} ${name}`, curves[k]),
  );
  for (const image of spread(dataset.images)) {
    // A picture that has broken since it was evaluated is not shown; whoever needs it says so when its turn comes.
    const picture = await withGroundTruth(dataset, image, detections.get(image.id)!).catch(ignoreImageError);
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
): Promise<SummaryImage> {
  const { pixels, size } = await decodeImage(path.join(dataset.imageFolder ?? '', image.fileName), {
    upright: true,
  });
  const { width, height } = sizeOfSide(size, PICTURE_SIDE);
  const twice = await sharp(pixels, { raw: { ...size, channels: 3 } })
    .resize({ width, height, fit: 'fill' })
    .extend({ right: width, extendWith: 'repeat' })
    .raw()
    .toBuffer();
  const { boxes: gtBoxes, labels: gtLabels } = gtTargets(dataset, image);
  const found = aboveThreshold(detections, MIN_SCORE);
  const nameOf = (label: number): string => dataset.categoryMap.nameOf(label);
  const scaled = (boxes: Boxes): Boxes => scaleBoxes(boxes, image, { width, height });
  return {
    width: 2 * width,
    height,
    pixels: twice,
    boxes: [
      ...labeled(scaled(gtBoxes), gtLabels, nameOf, 0),
      // The best last, on top.
      ...labeled(scaled(found.boxes), found.labels, nameOf, width, found.scores).reverse(),
    ],
  };
}

/** @param left where the picture begins in the summary's image */
function labeled(
  boxes: Boxes,
  labels: Int32Array,
  nameOf: (label: number) => string,
  left: number,
  scores?: Float32Array,
): SummaryBox[] {
  return Array.from(labels, (label, k) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * k, 4 * k + 4);
    return {
      box: [left + x1, y1, left + x2, y2],
      label: nameOf(label),
      ...(scores && { score: scores[k] }),
      color: categoryColor(label),
    };
  });
}
