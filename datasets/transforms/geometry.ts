import type { RandomStream } from '../../detection/nn/random';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { Instances } from '../../detection/structures/instances';
import type { Size, Window } from '../../detection/structures/size';
import { cropInstances, flipInstancesVertically } from '../../detection/structures/transform-instances';
import type { DecodedImage } from '../images/decode';
import { cropToCenters, drawIouCrop } from './iou-crop';
import { windowOfPicture, type Color } from './picture-window';
import { Turn } from './rotation/turn';
import { turnInstances } from './rotation/turn-instances';
import { turnPicture } from './rotation/turn-picture';
import { flipPictureVertically } from './vertical-flip';
import { drawZoomOut } from './zoom-out';

/** What training changes of the geometry of pictures beside mirroring and resizing them. All is off by default. */
export interface GeometricAugmentation {
  /** Each picture is turned by an angle between this many degrees to one side and to the other, 0..180. torchvision: RandomRotation. */
  readonly rotation?: number;
  /** How often a picture is mirrored top to bottom, 0..1. */
  readonly verticalFlip?: number;
  /** How often a picture is put on a canvas of up to four times its sides, 0..1. torchvision: RandomZoomOut, 0.5. */
  readonly zoomOut?: number;
  /** How often a part of a picture with objects in it is taken, 0..1. torchvision: RandomIoUCrop, 1. */
  readonly iouCrop?: number;
  /** How often an image is a mosaic of four pictures, 0..1. */
  readonly mosaic?: number;
  /** How often objects of another picture are pasted into an image, 0..1. torchvision: SimpleCopyPaste, 1. */
  readonly copyPaste?: number;
}

/** One change of a picture's geometry, with all that is random about it drawn. */
export type GeometricStep = Rotation | VerticalFlip | PictureWindow;

/** The picture is turned about its center, against the clock, and keeps its size. */
export interface Rotation {
  /** Tells it from other changes. */
  readonly kind: 'rotation';
  /** The angle. */
  readonly degrees: number;
  /** Color of what comes from outside. */
  readonly color: Color;
}

/** The picture is mirrored top to bottom. */
export interface VerticalFlip {
  /** Tells it from other changes. */
  readonly kind: 'vertical-flip';
}

/** The picture becomes a part of itself, or a part of a canvas that it lies on. */
export interface PictureWindow {
  /** Tells it from other changes. */
  readonly kind: 'window';
  /** The part, in pixels of the picture; it may reach beyond it on any side. */
  readonly window: Window;
  /** Color of what is beyond. */
  readonly color: Color;
}

/** A picture and its objects on the way through the steps. */
interface Moved {
  readonly size: Size;
  readonly targets: Instances;
}

/** What is drawn for one picture. */
export interface MovedPicture extends Moved {
  /** In this order. */
  readonly steps: readonly GeometricStep[];
}

/**
 * Draws what is done to one picture, and does it to its objects: rotation, vertical flip, zoom out, IoU crop, of which the last two
 * are in the order of torchvision's preset "ssd".
 *
 * @param color of what is outside of the picture
 * @param keypointOrder `flippedOrder` of the objects' keypoints, if they have some
 */
export function drawGeometry(
  random: RandomStream,
  picture: Moved,
  { rotation = 0, verticalFlip = 0, zoomOut = 0, iouCrop = 0 }: GeometricAugmentation,
  color: Color,
  keypointOrder?: Int32Array,
): MovedPicture {
  let { size, targets } = picture;
  const steps: GeometricStep[] = [];
  if (rotation > 0) {
    const degrees = random.between(-rotation, rotation);
    targets = turnInstances(targets, new Turn(degrees, size));
    steps.push({ kind: 'rotation', degrees, color });
  }
  if (random.uniform() < verticalFlip) {
    targets = flipInstancesVertically(targets, size.height, keypointOrder);
    steps.push({ kind: 'vertical-flip' });
  }
  if (random.uniform() < zoomOut) {
    const window = drawZoomOut(random, size);
    targets = cropInstances(targets, window);
    size = { height: window.height, width: window.width };
    steps.push({ kind: 'window', window, color });
  }
  const window = random.uniform() < iouCrop ? drawIouCrop(random, size, targets.boxes) : undefined;
  if (window) {
    targets = cropToCenters(targets, window);
    size = { height: window.height, width: window.width };
    steps.push({ kind: 'window', window, color });
  }
  return { size, targets, steps };
}

/** A picture in memory after these steps. */
export function movePicture(image: DecodedImage, steps: readonly GeometricStep[]): DecodedImage {
  return steps.reduce((moved, step) => {
    switch (step.kind) {
      case 'rotation':
        return turnPicture(moved, new Turn(step.degrees, moved.size), step.color);
      case 'vertical-flip':
        return flipPictureVertically(moved);
      case 'window':
        return windowOfPicture(moved, step.window, step.color);
    }
  }, image);
}

/** The color that is 0 in a model's images: its mean, R, G, B, bytes. Of torchvision's SSD it is 123, 117, 104. */
export function meanColor({ mean, channels }: InputSpec): Color {
  const [first, second, third] = mean.map((value) => Math.round(255 * value));
  return channels === 'rgb' ? [first, second, third] : [third, second, first];
}
