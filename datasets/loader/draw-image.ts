import { modulePath } from '../../detection/files/user-module';
import { RandomStream } from '../../detection/nn/random';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { Targets } from '../../detection/structures/instances';
import { flippedOrder, type KeypointLayout } from '../../detection/structures/keypoint-layout';
import { resizedSize } from '../../detection/structures/resize';
import type { Size, Window } from '../../detection/structures/size';
import { cropInstances, flipInstances, scaleInstances } from '../../detection/structures/transform-instances';
import type { Example } from '../examples';
import { concatInstances } from '../transforms/concat-instances';
import { drawPasted, pastedArea, pasteInstances } from '../transforms/copy-paste';
import { drawGeometry, meanColor, type GeometricAugmentation } from '../transforms/geometry';
import { drawMosaic, MOSAIC_PICTURES } from '../transforms/mosaic';
import { drawPhotometricDistortion } from '../transforms/photometric';
import { drawScaleJitter, type ScaleJitter } from '../transforms/scale-jitter';
import { sizeInBatch, type ImageJob, type PictureJob } from './batch-job';

/** How a picture is changed before it is trained on. */
export interface AugmentationOptions {
  /** How the model takes pictures. */
  readonly input: InputSpec;
  /**
   * Each image's shorter side is drawn from these lengths, pixels, as torchvision's transform does in training. Default: the
   * input's own.
   */
  readonly minSizes?: readonly number[];
  /** Resizes, and takes a part of the picture, instead of what minSizes and the input say. Default null. */
  readonly scaleJitter?: ScaleJitter | null;
  /** How often an image is mirrored left to right. Default 0.5, as in torchvision's references. */
  readonly flipProbability?: number;
  /** The keypoints of the examples, whose left ones become right ones in a mirrored image: a detector's own `keypoints`. Default: none. */
  readonly keypoints?: KeypointLayout;
  /** What else is done to the pictures' geometry, with all that is in them. Default: nothing. */
  readonly geometry?: GeometricAugmentation;
  /** Probability of each change of a picture's colors; see drawPhotometricDistortion. Default 0. */
  readonly photometricDistortion?: number;
  /**
   * Path or `file:` URL of a JavaScript module whose default export changes the colors of each picture further: see
   * `Augmentation`. Each worker loads it. A relative path is relative to the working directory. Default: none.
   */
  readonly augmentation?: string | URL;
  /** Order and augmentation follow from it and from the iteration, whatever the number of workers. */
  readonly seed: number;
}

/** An image of a batch before its pixels are there, and what is in it. */
export interface Sample {
  readonly picture: ImageJob;
  readonly targets: Targets;
}

/** How large a picture becomes, and the part of that which is used. */
export interface Extent {
  readonly resized: Size;
  readonly window?: Window;
}

/** A picture of which all is known but how large it becomes. */
export interface View {
  readonly picture: Omit<PictureJob, 'resized' | 'window'>;
  /** Before it is resized. */
  readonly size: Size;
  /** In pixels of that. */
  readonly targets: Targets;
}

/** A picture, and how large it becomes where it is alone in its image. */
interface DrawnView extends View {
  readonly extent: Extent;
}

/** A picture as it is. */
export function viewOf({ imageId, file, size, upright = false, targets }: Example): View {
  return { picture: { imageId, file, size, upright, flip: false }, size, targets };
}

/** A picture and what is in it, resized and cut. */
export function resizeView({ picture, size, targets }: View, { resized, window }: Extent): Sample {
  const scaled = scaleInstances(targets, size, resized);
  return window === undefined
    ? { picture: { ...picture, resized }, targets: scaled }
    : { picture: { ...picture, resized, window }, targets: cropInstances(scaled, window) };
}

/**
 * An image to train on: all that is random about it follows from the seed and from `draw`.
 *
 * @param examples that it may take further pictures from, for a mosaic or to paste
 * @param draw how many images the training has had before this one
 */
export function drawImage(
  example: Example,
  draw: number,
  examples: readonly Example[],
  options: AugmentationOptions,
): Sample {
  const { mosaic = 0, copyPaste = 0 } = options.geometry ?? {};
  const view = drawView(example, String(draw), options);
  const random = new RandomStream(options.seed, `composition/${draw}`);
  const isMosaic = random.uniform() < mosaic;
  const isPasted = random.uniform() < copyPaste;
  const image = isMosaic ? mosaicOf(view, random, examples, draw, options) : resizeView(view, view.extent);
  return isPasted ? withPasted(image, random, examples, draw, options) : image;
}

/** @param name of the draw: that of an image, and which of its pictures this one is */
function drawView(example: Example, name: string, options: AugmentationOptions): DrawnView {
  const { flipProbability = 0.5, geometry = {}, photometricDistortion = 0, augmentation, seed } = options;
  const keypointOrder = options.keypoints && flippedOrder(options.keypoints);
  const random = new RandomStream(seed, `augment/${name}`);
  const flip = random.uniform() < flipProbability;
  const { picture, ...whole } = viewOf(example);
  const { size, targets, steps } = drawGeometry(
    new RandomStream(seed, `geometry/${name}`),
    whole,
    geometry,
    meanColor(options.input),
    keypointOrder,
  );
  const extent = drawExtent(random, size, options);
  const colorChanges = drawPhotometricDistortion(random, photometricDistortion);
  const own = augmentation !== undefined && {
    augmentation: { module: modulePath(augmentation), seed, stream: `augmentation/${name}` },
  };
  return {
    picture: { ...picture, flip, colorChanges, ...own, ...(steps.length > 0 && { steps }) },
    size,
    targets: flip ? flipInstances(targets, size.width, keypointOrder) : targets,
    extent,
  };
}

function drawExtent(random: RandomStream, size: Size, options: AugmentationOptions): Extent {
  const { input, minSizes, scaleJitter = null } = options;
  if (scaleJitter !== null) return drawScaleJitter(random, size, scaleJitter);
  const { resize } = input;
  if (resize.kind === 'fixed') return { resized: resizedSize(size, resize) };
  const minSize = random.pick(minSizes ?? [resize.minSize]);
  return { resized: resizedSize(size, { ...resize, minSize }) };
}

/** An image of four pictures, as large as the first would be alone. */
function mosaicOf(
  view: DrawnView,
  random: RandomStream,
  examples: readonly Example[],
  draw: number,
  options: AugmentationOptions,
): Sample {
  const views = [view];
  while (views.length < MOSAIC_PICTURES) {
    views.push(drawView(random.pick(examples), `${draw}/mosaic-${views.length}`, options));
  }
  const size = sizeInBatch(view.extent);
  const tiles = drawMosaic(
    random,
    size,
    views.map(({ extent }) => extent.resized),
  );
  const [first, ...others] = views.map((each, i) => resizeView(each, tiles[i]));
  return {
    picture: { ...first.picture, mosaic: others.map(({ picture }) => picture) },
    targets: concatInstances(
      [first, ...others].map(({ targets }) => targets),
      size,
    ),
  };
}

/** An image with objects of another picture pasted into it; itself where that has none with a mask. */
function withPasted(
  { picture, targets }: Sample,
  random: RandomStream,
  examples: readonly Example[],
  draw: number,
  options: AugmentationOptions,
): Sample {
  const other = drawView(random.pick(examples), `${draw}/paste`, options);
  // Two pictures of large-scale jitter have the same size; another one is resized to that, as in torchvision.
  const extent = options.scaleJitter ? other.extent : { resized: sizeInBatch(picture) };
  const source = resizeView(other, extent);
  const pasted = drawPasted(random, source.targets);
  if (pasted.labels.length === 0) return { picture, targets };
  const area = pastedArea(pasted);
  return {
    picture: { ...picture, pasted: { picture: source.picture, area } },
    targets: pasteInstances(targets, pasted, area),
  };
}
