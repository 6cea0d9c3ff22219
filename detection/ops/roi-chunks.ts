import type { RoiPooling, RoiSampling, Rois } from './roi-pooling';

const { fround } = Math;

/**
 * ROIs are pooled so many at a time, and image by image: at 256 channels the 14 x 14 samples of 256 ROIs are 51 MB, those of 1024
 * would be the largest tensor of the whole training step; so would be the gradient of the largest map.
 */
const CHUNK = 256;
const SAMPLES_AT_A_TIME = CHUNK * 14 * 14;

/** ROIs of one image that are pooled together. */
export interface RoiChunk {
  readonly image: number;
  /** Which of the ROIs these are. */
  readonly rows: Int32Array;
  /** Samples along each side of a bin; none of a region without extent. */
  readonly samples: { readonly x: number; readonly y: number };
}

/**
 * ROIs, image by image, in chunks whose bins have the same number of samples. Where that number is given, chunks follow one another
 * in the order of the ROIs.
 */
export function roiChunks(rois: Rois, pooling: RoiPooling): RoiChunk[] {
  const groups = new Map<string, RoiChunk & { list: number[] }>();
  const { imageIndices } = rois;
  imageIndices.forEach((image, roi) => {
    const samples = samplesOf(rois, roi, pooling);
    const key = `${image} ${samples.x} ${samples.y}`;
    const group = groups.get(key);
    if (group) group.list.push(roi);
    else groups.set(key, { image, rows: new Int32Array(), samples, list: [roi] });
  });
  return [...groups.values()]
    .sort((a, b) => a.image - b.image)
    .flatMap(({ image, samples, list }) => {
      const perRoi = Math.max(samples.x * samples.y, 1) * pooling.size ** 2;
      const count = Math.min(Math.max(Math.floor(SAMPLES_AT_A_TIME / perRoi), 1), CHUNK);
      return Array.from({ length: Math.ceil(list.length / count) }, (_, k) => ({
        image,
        samples,
        rows: Int32Array.from(list.slice(k * count, (k + 1) * count)),
      }));
    });
}

/** Where one axis of a box begins on a map, and how long it is there, in float32 as torchvision computes it. */
export function extent(
  start: number,
  end: number,
  scale: number,
  { aligned }: RoiSampling,
): { low: number; length: number } {
  const offset = aligned ? 0.5 : 0;
  const low = fround(fround(start * scale) - offset);
  const length = fround(fround(fround(end * scale) - offset) - low);
  return { low, length: aligned ? length : Math.max(length, 1) };
}

function samplesOf({ boxes }: Rois, roi: number, { scale, size, sampling }: RoiPooling): RoiChunk['samples'] {
  const { samplesPerBin } = sampling;
  const [x, y] = [0, 1].map((axis) => {
    const { length } = extent(boxes[4 * roi + axis], boxes[4 * roi + axis + 2], scale, sampling);
    return samplesPerBin === 'adaptive' ? Math.ceil(fround(length / size)) : samplesPerBin;
  });
  return { x, y };
}
