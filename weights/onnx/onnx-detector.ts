import type { InferenceSession, Tensor, TypedTensor } from 'onnxruntime-node';
import { z } from 'zod';
import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import type { ExportedDetector } from '../../datasets/inference/picture-detector';
import { InputError } from '../../detection/errors';
import type { IouType, ModelDefinition } from '../../detection/modeling/detector';
import type { SettingValues } from '../../detection/modeling/settings';
import { pasteMasks } from '../../detection/ops/paste-masks';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { Detections } from '../../detection/structures/instances';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import type { RgbImage } from '../../detection/structures/resize';
import type { KnownDetector } from '../detectors/detector-metadata';
import { detectorOfFile } from '../detectors/file-metadata';
import type { ScoreThresholds } from '../detectors/score-thresholds';
import { MASKS_METADATA } from './export-detector';
import { readOnnxMetadata, unreadable } from './onnx-file';

/** An exported detector that is ready to detect. */
export interface LoadedOnnxDetector {
  /** The caller disposes it. */
  readonly model: ExportedDetector;
  /** Ids and names, by label - 1. */
  readonly categories: readonly CocoCategory[];
  /** From which scores on detections count, where that is stored with the detector. */
  readonly scoreThresholds?: ScoreThresholds;
}

const masksMetadata = z.object({
  side: z.int().min(1),
  threshold: z.number(),
  pasting: z.enum(['torchvision', 'detectron2']),
});
type Masks = z.output<typeof masksMetadata>;

/**
 * Opens a detector that `exportDetector` has written, and runs it by onnxruntime-node, which has to be installed. No backend of
 * TensorFlow is needed.
 *
 * @throws InputError where onnxruntime-node is missing, or the file is damaged or not such a detector's.
 */
export async function loadOnnxDetector(file: string): Promise<LoadedOnnxDetector> {
  const metadata = readOnnxMetadata(file);
  const known = detectorOfFile(file, metadata);
  if (known === undefined) {
    throw new InputError(
      'onnx-foreign',
      `${file}: was not written by rcnn export, and does not say how it is to be used`,
      { file },
    );
  }
  const runtime = await onnxRuntime(file);
  const masks = metadata[MASKS_METADATA];
  try {
    // 3: errors alone.
    const session = await runtime.InferenceSession.create(file, { logSeverityLevel: 3 });
    const ofMasks = masks === undefined ? undefined : masksMetadata.parse(JSON.parse(masks));
    const model = new OnnxDetector(session, runtime, known, ofMasks);
    return { model, categories: known.categories, scoreThresholds: known.scoreThresholds };
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** An optional peer: who installs the package need not have it. */
async function onnxRuntime(file: string): Promise<Runtime> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const reason = isMissing
      ? 'which is not installed'
      : `which cannot be loaded: ${(cause as Error).message}`;
    throw new InputError(
      'onnxruntime-missing',
      `${file}: ONNX files are run by onnxruntime-node, ${reason}; npm install onnxruntime-node`,
      { file },
      { cause },
    );
  }
}

type Runtime = typeof import('onnxruntime-node');

class OnnxDetector implements ExportedDetector {
  readonly definition: ModelDefinition;
  readonly input: InputSpec;
  readonly settings: SettingValues;
  readonly categories: readonly string[];
  readonly keypoints?: KeypointLayout;
  readonly iouTypes: readonly IouType[];

  constructor(
    private readonly session: InferenceSession,
    private readonly runtime: Runtime,
    { definition, options, categories }: KnownDetector,
    private readonly masks: Masks | undefined,
  ) {
    this.definition = definition;
    this.input = options.input ?? definition.input;
    this.settings = options.settings ?? {};
    this.categories = categories.map(({ name }) => name);
    const findsKeypoints = session.outputNames.includes('keypoints');
    if (findsKeypoints) this.keypoints = options.keypoints;
    this.iouTypes = [
      'bbox',
      ...(masks ? ['segm' as const] : []),
      ...(findsKeypoints ? ['keypoints' as const] : []),
    ];
  }

  async detectPictures(pictures: readonly RgbImage[]): Promise<Detections[]> {
    const [{ size }] = pictures;
    const length = size.height * size.width * 3;
    const pixels = new Uint8Array(pictures.length * length);
    pictures.forEach((picture, k) => pixels.set(asBytes(picture.pixels), k * length));
    const images = new this.runtime.Tensor('uint8', pixels, [pictures.length, size.height, size.width, 3]);
    const outputs = await this.session.run({ images });
    const counts = (outputs['counts'] as TypedTensor<'int64'>).data;
    return pictures.map((_, image) => {
      const count = Number(counts[image]);
      const ofImage = (name: string): Float32Array => rowsOf(outputs[name], image, count);
      const boxes = ofImage('boxes');
      return {
        boxes,
        scores: ofImage('scores'),
        labels: Int32Array.from(ofImage('labels')),
        ...(this.masks && {
          masks: pasteMasks({ ...this.masks, probabilities: ofImage('masks') }, boxes, size),
        }),
        ...(this.keypoints && {
          keypoints: ofImage('keypoints'),
          keypointScores: ofImage('keypoint_scores'),
        }),
      };
    });
  }

  dispose(): void {
    void this.session.release();
  }
}

/** The first `count` objects of an image, of an output [images, objects, ...]. */
function rowsOf({ data, dims }: Tensor, image: number, count: number): Float32Array {
  const perObject = dims.slice(2).reduce((product, side) => product * side, 1);
  const first = image * dims[1] * perObject;
  const values = (data as Float32Array | BigInt64Array).subarray(first, first + count * perObject);
  return values instanceof Float32Array ? values : Float32Array.from(values, Number);
}

function asBytes(pixels: RgbImage['pixels']): Uint8Array | Uint8ClampedArray {
  return pixels instanceof Float32Array ? Uint8ClampedArray.from(pixels, (value) => 255 * value) : pixels;
}
