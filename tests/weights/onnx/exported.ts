/** Runs exported detectors in ONNX Runtime, and compares what they find with what `detect` finds. */
import './one-realm';
import { InferenceSession, Tensor, type OnnxValue } from 'onnxruntime-node';
import type { Detector } from '../../../detection/modeling/detector';
import { batchImages } from '../../../detection/structures/image-batch';
import type { Detections } from '../../../detection/structures/instances';
import type { RgbImage } from '../../../detection/structures/resize';
import type { Size } from '../../../detection/structures/size';
import { onnxModel } from '../../../weights/onnx/export-detector';

/** Pictures of waves: they have edges of all sizes, so that detectors find something, and not the same in each. */
export function wavyPictures(count: number, { height, width }: Size): RgbImage[] {
  return Array.from({ length: count }, (_, k) => {
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return 127 + 60 * Math.sin(x / (9 + c + k) + k) + 50 * Math.cos(y / (7 + c)) + ((31 * x + 17 * y) % 13);
    });
    return { pixels, size: { height, width } };
  });
}

/** Makes a session of an exported detector. Graphs are not optimized: that takes longer than running tiny ones. */
export function sessionOf(detector: Detector): Promise<InferenceSession> {
  return InferenceSession.create(Buffer.concat(onnxModel(detector)), { graphOptimizationLevel: 'disabled' });
}

/** What a session says of pictures of one size. */
export async function run(
  session: InferenceSession,
  pictures: readonly RgbImage[],
): Promise<Record<string, OnnxValue>> {
  const [{ size }] = pictures;
  const bytes = Buffer.concat(pictures.map(({ pixels }) => pixels as Uint8Array));
  const images = new Tensor('uint8', Uint8Array.from(bytes), [pictures.length, size.height, size.width, 3]);
  return { ...(await session.run({ images })) };
}

/** What is found in one image, an entry for each object. */
interface Objects {
  readonly labels: readonly number[][];
  readonly scores: readonly number[][];
  readonly boxes: readonly number[][];
  readonly keypoints?: readonly number[][];
  readonly keypointScores?: readonly number[][];
}

/** How far apart they may be. */
const TOLERANCES = { labels: 0, scores: 1e-4, boxes: 0.01, keypoints: 0.01, keypointScores: 1e-3 };

/** The part of an output that is of one image. */
function rowsOf(output: OnnxValue, image: number, count: number): number[][] {
  const { data, dims } = output;
  const perObject = dims.slice(2).reduce((product, side) => product * side, 1);
  const values = Array.from(data as ArrayLike<number | bigint>, Number);
  const first = image * dims[1];
  return Array.from({ length: count }, (_, k) =>
    values.slice((first + k) * perObject, (first + k + 1) * perObject),
  );
}

function rows(values: ArrayLike<number>, count: number): number[][] {
  const perObject = values.length / Math.max(count, 1);
  return Array.from({ length: count }, (_, k) =>
    Array.from({ length: perObject }, (_, i) => values[k * perObject + i]),
  );
}

function isNear(a: Objects, i: number, b: Objects, j: number): boolean {
  return Object.entries(TOLERANCES).every(([name, tolerance]) => {
    const [p, q] = [a[name as keyof Objects], b[name as keyof Objects]];
    return p?.[i].every((value, k) => Math.abs(value - q![j][k]) <= tolerance) !== false;
  });
}

/** For each object there has to be one as near to it as `TOLERANCES` say. Their order may differ: scores come near to being equal. */
function expectSameObjects(actual: Objects, expected: Objects): void {
  const left = actual.labels.map((_, i) => i);
  const missing = expected.labels.flatMap((_, i) => {
    const found = left.findIndex((j) => isNear(expected, i, actual, j));
    if (found >= 0) left.splice(found, 1);
    return found >= 0
      ? []
      : [{ box: expected.boxes[i], label: expected.labels[i], score: expected.scores[i] }];
  });
  expect(missing).toEqual([]);
  expect(left).toEqual([]);
}

/**
 * Expects what ONNX Runtime finds in pictures to be what `detect` finds: boxes and keypoints to 0.01 px, scores to 1e-4.
 *
 * @returns what `detect` finds
 */
export async function expectSameFound(
  detector: Detector,
  session: InferenceSession,
  pictures: readonly RgbImage[],
): Promise<Detections[]> {
  const outputs = await run(session, pictures);
  const batch = batchImages(pictures, detector.input);
  const expected = detector.detect(batch);
  batch.tensor.dispose();
  const counts = Array.from(outputs['counts'].data as BigInt64Array, Number);
  expect(counts).toEqual(expected.map(({ scores }) => scores.length));
  expect(outputs['boxes'].dims).toEqual([pictures.length, Math.max(...counts), 4]);
  expected.forEach(({ labels, scores, boxes, keypoints, keypointScores }, image) => {
    const count = counts[image];
    const ofImage = (name: string): number[][] => rowsOf(outputs[name], image, count);
    expectSameObjects(
      {
        labels: ofImage('labels'),
        scores: ofImage('scores'),
        boxes: ofImage('boxes'),
        ...(keypoints && { keypoints: ofImage('keypoints'), keypointScores: ofImage('keypoint_scores') }),
      },
      {
        labels: rows(labels, count),
        scores: rows(scores, count),
        boxes: rows(boxes, count),
        ...(keypoints && {
          keypoints: rows(keypoints, count),
          keypointScores: rows(keypointScores ?? [], count),
        }),
      },
    );
  });
  return expected;
}
