import sharp from 'sharp';
import type { CocoDataset } from '../../../datasets/coco/annotations';
import { loadBackend } from '../../../detection/backend/node';
import { modelDefinition } from '../../../detection/modeling/definitions';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { detectorInput } from '../../../detection/structures/image-sides';
import type { InputSpec } from '../../../detection/structures/input-spec';
import type { Targets } from '../../../detection/structures/instances';
import type { Size } from '../../../detection/structures/size';
import type { PlannedConfiguration } from '../../config/complete';
import { completeForSet } from '../../run/complete-for-set';
import { detectorKeypoints } from '../../run/detector-keypoints';
import { makeTrainingLoader } from '../../run/make-training-loader';
import { Progress } from '../../terminal/progress';
import type { CollectedPicture } from './collect';
import { outlineOf } from './page-shape';
import { roundedBox, type PageObject } from '../page-data';

/**
 * The first pictures that a training sees, as its own loader makes them, with the boxes that go with them: mirrored, resized,
 * cropped and colored as its configuration says.
 *
 * @param count of them, at least
 * @throws ImageError where a picture cannot be used; the signal's reason.
 */
export async function augmentedPictures(
  planned: PlannedConfiguration,
  set: CocoDataset,
  count: number,
  signal: AbortSignal,
): Promise<CollectedPicture[]> {
  await loadBackend();
  const configuration = completeForSet(planned, set);
  const { name, ...settings } = configuration.model;
  const definition = modelDefinition(name);
  const input = detectorInput(definition, settings);
  const detector = { definition, input, keypoints: detectorKeypoints(set, configuration) };
  const progress = new Progress('augmenting');
  const pictures: CollectedPicture[] = [];
  for await (const batch of makeTrainingLoader(set, detector, configuration, { batchesSeen: 0 })) {
    const number = pictures.length / configuration.data.batchSize + 1;
    pictures.push(...(await picturesOf(batch, number, set, input)));
    progress.update(Math.min(pictures.length, count), count);
    signal.throwIfAborted();
    if (pictures.length >= count) break;
  }
  return pictures;
}

async function picturesOf(
  { images, targets, imageIds }: DetectionBatch,
  batch: number,
  set: CocoDataset,
  input: InputSpec,
): Promise<CollectedPicture[]> {
  const [, height, width] = images.tensor.shape;
  const values = await images.tensor.data<'float32'>();
  return Promise.all(
    images.sizes.map(async (size, k): Promise<CollectedPicture> => {
      const pixels = bytesOf(values, { width, height }, k, size, input);
      const id = imageIds[k];
      return {
        page: {
          id: String(id),
          file: set.imageOf(id)!.fileName,
          remark: `batch ${batch}`,
          ...size,
          objects: objectsOf(targets[k]),
          detections: [],
          problems: [],
        },
        file: await sharp(pixels, { raw: { ...size, channels: 3 } })
          .png({ compressionLevel: 1 })
          .toBuffer(),
      };
    }),
  );
}

function objectsOf({ boxes, labels, masks, hasMask, keypoints }: Targets): PageObject[] {
  const row = keypoints ? keypoints.length / labels.length : 0;
  return Array.from(labels, (label, k) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * k, 4 * k + 4);
    const box = roundedBox([x1, y1, x2 - x1, y2 - y1]);
    return {
      category: label - 1,
      box,
      area: (x2 - x1) * (y2 - y1),
      ...(masks && hasMask?.[k] !== 0 && { outline: outlineOf(masks[k]) }),
      ...(keypoints && { keypoints: Array.from(keypoints.subarray(k * row, (k + 1) * row), Math.round) }),
    };
  });
}

/** R, G, B of an image of a batch, without its padding: what normalizing has done is undone. */
function bytesOf(
  values: Float32Array,
  padded: Size,
  index: number,
  { width, height }: Size,
  { mean, std, channels }: InputSpec,
): Uint8Array {
  const pixels = new Uint8ClampedArray(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = (index * padded.height + y) * padded.width * 3;
    for (let x = 0; x < width; x++, from += 3, to += 3) {
      for (let c = 0; c < 3; c++) {
        const rgb = channels === 'rgb' ? c : 2 - c;
        pixels[to + rgb] = 255 * (values[from + c] * std[c] + mean[c]);
      }
    }
  }
  return new Uint8Array(pixels.buffer);
}
