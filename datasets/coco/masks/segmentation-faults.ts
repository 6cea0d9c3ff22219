import type { Size } from '../../../detection/structures/size';
import { polygonFault } from './polygon-fault';
import type { Fault } from '../problems';
import { parseRle, RleError } from './rle';
import { requireSizeOf, saysNoMask } from './segmentation';

/**
 * All that is wrong with a "segmentation" of COCO's JSON; nothing where it says that there is no mask. Polygons may reach beyond
 * their image, but not lie wholly outside of it; run lengths have its size.
 *
 * @param image its size as the file has it: run lengths of a picture that EXIF turns are turned later
 */
export function segmentationFaults(segmentation: unknown, image: Size): Fault[] {
  if (saysNoMask(segmentation)) return [];
  if (!Array.isArray(segmentation)) return runLengthFaults(segmentation, image);
  if (segmentation.every((value) => typeof value === 'number')) {
    const reason = 'the polygon is not in a list: COCO has a list of polygons, [[x1, y1, x2, y2, ...]]';
    return [{ kind: 'segmentation', code: 'segmentation-type', place: 'segmentation', reason }];
  }
  return segmentation.flatMap((polygon: unknown, k) => {
    const fault = polygonFault(polygon, image) ?? outsideFault(polygon as readonly number[], image);
    return fault ? [described(fault, `segmentation[${k}]`)] : [];
  });
}

function outsideFault(polygon: readonly number[], { width, height }: Size): RleError | undefined {
  const isOutside =
    isBeyond(polygon, 0, width) || // x
    isBeyond(polygon, 1, height); // y
  if (!isOutside) return undefined;
  const reason = `The polygon is wholly outside of the image of ${width} x ${height}.`;
  return new RleError('polygon-outside', reason);
}

/** Whether all corners of a polygon are on one side of an image, by their x (axis 0) or y (axis 1). */
function isBeyond(polygon: readonly number[], axis: 0 | 1, end: number): boolean {
  let [least, most] = [Infinity, -Infinity];
  for (let i = axis; i < polygon.length; i += 2) {
    least = Math.min(least, polygon[i]);
    most = Math.max(most, polygon[i]);
  }
  return least > end || most < 0;
}

function runLengthFaults(segmentation: unknown, image: Size): Fault[] {
  const fault = runLengthFault(segmentation, image);
  return fault ? [described(fault, 'segmentation')] : [];
}

function runLengthFault(segmentation: unknown, image: Size): RleError | undefined {
  if (typeof segmentation !== 'object' || segmentation === null) {
    const reason = 'It is neither a list of polygons nor run lengths.';
    return new RleError('segmentation-type', reason);
  }
  try {
    requireSizeOf(image, parseRle(segmentation));
    return undefined;
  } catch (error) {
    if (error instanceof RleError) return error;
    throw error;
  }
}

function described({ code, message }: RleError, place: string): Fault {
  const reason = message[0].toLowerCase() + message.slice(1).replace(/\.$/, '');
  return { kind: 'segmentation', code, place, reason };
}
