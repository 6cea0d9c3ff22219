import type { CocoDataset } from '../../coco/annotations';
import type { CocoDetection } from '../detections';
import { sortByScore } from '../matching/grouping';
import { isToBeFound } from '../matching/is-to-be-found';
import { keypointSigmas } from '../keypoint-sigmas';
import { emptyMatches, Matcher, type Matches } from '../matching/matching';
import type { IouType } from '../parameters';
import { cocoProtocol } from '../protocol';
import { regionsOf } from '../matching/task-regions';

/** What became of the detections of one category, image by image in the order of their ids, best first in each. */
export interface CategoryMatches {
  readonly matches: Matches;
  /** [count] index among the data set's images of each detection's image. */
  readonly images: Int32Array;
  /** [images of the data set] objects of any size to be found in each. */
  readonly numTruths: Int32Array;
}

/** What is matched. */
export interface MatchedTask {
  /** Boxes, masks or keypoints. Default: boxes. */
  readonly iouType?: IouType;
  /** Of keypoints: how far people put each apart, in parts of an object's size. Default: `keypointSigmas`. */
  readonly sigmas?: readonly number[];
}

/**
 * Matches detections as pycocotools does, so what it ignores (crowds) is neither right nor wrong here.
 *
 * @param detections of images and categories of the data set
 * @returns of each category, in the order of the data set's, one at a time
 */
export function* categoryMatches(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  { iouType = 'bbox', sigmas }: MatchedTask = {},
): Generator<CategoryMatches> {
  const protocol = cocoProtocol(iouType);
  const maxPerImage = protocol.maxDetections[protocol.maxDetections.length - 1];
  const { annotations, categories, images } = dataset;
  const indexOfImage = new Map(images.map(({ id }, index) => [id, index]));
  const scores = Float64Array.from(detections, ({ score }) => score);
  const truths = cells(
    annotations.map(({ imageId, categoryId }) => [categoryId, indexOfImage.get(imageId)!]),
  );
  const found = cells(
    detections.map(({ image_id, category_id }) => [category_id, indexOfImage.get(image_id)!]),
  );
  const regions = regionsOf(dataset, annotations, detections, {
    iouType,
    sigmas: iouType === 'keypoints' ? (sigmas ?? keypointSigmas(dataset).sigmas) : [],
    source: 'detections',
  });
  const matcher = new Matcher(
    annotations,
    regions,
    protocol,
    (annotation) => !isToBeFound(annotation, iouType),
  );
  for (const { id } of categories) {
    const ofTruths = truths.get(id) ?? new Map<number, number[]>();
    const ofFound = found.get(id) ?? new Map<number, number[]>();
    const capacity = [...ofFound.values()].reduce((sum, { length }) => sum + length, 0);
    const matches = emptyMatches(capacity, protocol);
    const imagesOfFound = new Int32Array(capacity);
    const numTruths = new Int32Array(images.length);
    const seen = new Set([...ofTruths.keys(), ...ofFound.keys()]);
    for (const image of [...seen].sort((a, b) => a - b)) {
      const best = sortByScore(Int32Array.from(ofFound.get(image) ?? []), scores);
      const [first, truthsBefore] = [matches.count, matches.numTruths[0]];
      matcher.match(
        Int32Array.from(ofTruths.get(image) ?? []),
        best.subarray(0, maxPerImage),
        scores,
        matches,
      );
      imagesOfFound.fill(image, first, matches.count);
      numTruths[image] = matches.numTruths[0] - truthsBefore;
    }
    yield { matches, images: imagesOfFound.subarray(0, matches.count), numTruths };
  }
  regions.finish();
}

/** Indices by category and image. */
function cells(
  places: readonly (readonly [categoryId: number, image: number])[],
): Map<number, Map<number, number[]>> {
  const byCategory = new Map<number, Map<number, number[]>>();
  places.forEach(([categoryId, image], index) => {
    const byImage = byCategory.get(categoryId) ?? new Map<number, number[]>();
    byCategory.set(categoryId, byImage);
    const indices = byImage.get(image) ?? [];
    byImage.set(image, indices);
    indices.push(index);
  });
  return byCategory;
}
