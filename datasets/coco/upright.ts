import { join } from 'node:path';
import type { Size } from '../../detection/structures/size';
import { ignoreImageError } from '../images/image-error';
import { turnBox } from '../images/orientation';
import { isSameSize, readPictureHeader, type Frame, type PictureHeader } from '../images/picture-header';
import { CocoDataset, type CocoAnnotation, type CocoImage } from './annotations';
import { orientationNotes, type ByFrame } from './orientation-notes';
import { turnKeypoints } from './keypoints/turn-keypoints';
import { turnSegmentation } from './masks/turn-segmentation';

/** Headers of the pictures that are shown other than they are stored, by image id. */
export type TurnedPictures = ReadonlyMap<number, PictureHeader>;

/** Headers that are read at the same time; sharp reads them on libuv's four threads. */
const PARALLEL = 4;

/** Reads the headers of a set's pictures. Those that cannot be read are none of the turned ones. */
export async function turnedPictures(folder: string, images: readonly CocoImage[]): Promise<TurnedPictures> {
  const turned = new Map<number, PictureHeader>();
  const queue = images.values();
  const work = async (): Promise<void> => {
    for (const { id, fileName } of queue) {
      const header = await readPictureHeader(join(folder, fileName)).catch(ignoreImageError);
      if (header !== undefined && header.orientation !== 1) turned.set(id, header);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return turned;
}

/**
 * In which frame the annotations of an image are, by its size in the file.
 *
 * @returns 'either' where the picture has the same size in both, undefined where it has another in both
 */
export function frameOf(size: Size, { stored, shown }: PictureHeader): Frame | 'either' | undefined {
  const isStored = isSameSize(size, stored);
  if (isSameSize(size, shown)) return isStored ? 'either' : 'shown';
  return isStored ? 'stored' : undefined;
}

/**
 * A data set in pixels of its pictures as they are shown. Annotation tools in a browser see pictures so, others as they are
 * stored: the size of an image in the file says which, picture by picture. Where both fit (180 degrees, mirrored, squares),
 * most of the others decide, and where there are none, pictures were annotated as shown. Sizes, boxes, masks
 * and keypoints of images that were annotated as stored are turned.
 */
export function uprightDataset(dataset: CocoDataset, turned: TurnedPictures): CocoDataset {
  const { images, annotations, notes } = dataset;
  const byFrame = groupByFrame(images, turned);
  const toTurn = storedOf(byFrame, turned);
  return dataset.with({
    notes: [...notes, ...orientationNotes(byFrame, frameOfOthers(byFrame))],
    ...(toTurn.size > 0 && {
      images: images.map((image) => turnImage(image, toTurn.get(image.id))),
      annotations: annotations.map((each) => turnAnnotation(each, toTurn.get(each.imageId))),
    }),
  });
}

/** The turned pictures whose images were annotated as stored, by image id. */
export function annotatedAsStored(images: readonly CocoImage[], turned: TurnedPictures): TurnedPictures {
  return storedOf(groupByFrame(images, turned), turned);
}

function storedOf(byFrame: ByFrame, turned: TurnedPictures): TurnedPictures {
  const open = frameOfOthers(byFrame) === 'stored' ? byFrame.either : [];
  return new Map([...byFrame.stored, ...open].map(({ id }) => [id, turned.get(id)!]));
}

/** What images whose size leaves it open are taken for. */
function frameOfOthers({ stored, shown }: ByFrame): Frame {
  return stored.length > shown.length ? 'stored' : 'shown';
}

function groupByFrame(images: readonly CocoImage[], turned: TurnedPictures): ByFrame {
  const groups: Record<Frame | 'either', CocoImage[]> = { stored: [], shown: [], either: [] };
  for (const image of images) {
    const header = turned.get(image.id);
    const frame = header && frameOf(image, header);
    if (frame !== undefined) groups[frame].push(image);
  }
  return groups;
}

function turnImage(image: CocoImage, header: PictureHeader | undefined): CocoImage {
  return header === undefined ? image : { ...image, ...header.shown };
}

function turnAnnotation(annotation: CocoAnnotation, header: PictureHeader | undefined): CocoAnnotation {
  if (header === undefined) return annotation;
  const { orientation, stored } = header;
  return {
    ...annotation,
    bbox: turnBox(annotation.bbox, orientation, stored),
    ...(annotation.segmentation !== undefined && {
      segmentation: turnSegmentation(annotation.segmentation, orientation, stored),
    }),
    ...(annotation.keypoints !== undefined && {
      keypoints: turnKeypoints(annotation.keypoints, orientation, stored),
    }),
  };
}
