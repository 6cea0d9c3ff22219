import {
  AREA_RANGES,
  IOU_THRESHOLDS,
  MAX_DETECTIONS,
  MAX_KEYPOINT_DETECTIONS,
  type AreaName,
  type IouType,
  type Protocol,
  type Stat,
  type StatName,
} from './parameters';

/**
 * What COCO measures of a task, as pycocotools' Params and summarize.
 *
 * @param maxDetections Default: COCO's 1, 10 and 100, of keypoints 20. pycocotools' own summary knows no others: it has -1 where
 *   it asks for 100, or 20.
 */
export function cocoProtocol(iouType: IouType, maxDetections?: readonly number[]): Protocol {
  return iouType === 'keypoints'
    ? keypointProtocol(maxDetections ?? MAX_KEYPOINT_DETECTIONS)
    : regionProtocol(maxDetections ?? MAX_DETECTIONS);
}

function regionProtocol(maxDetections: readonly number[]): Protocol {
  const most = maxDetections[maxDetections.length - 1];
  const recall = statsWith({ isPrecision: false, maxDetections: most });
  return {
    iouThresholds: IOU_THRESHOLDS,
    maxDetections,
    areas: AREA_RANGES,
    stats: [
      ...precisionBySize(most),
      ...maxDetections.map((limit) =>
        statsWith({ isPrecision: false, maxDetections: limit })(`AR${limit}`, 'all'),
      ),
      recall('ARs', 'small'),
      recall('ARm', 'medium'),
      recall('ARl', 'large'),
    ],
    columns: ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', `AR${most}`],
    isFederated: false,
  };
}

/** Without small objects: of these COCO has no keypoints. */
function keypointProtocol(maxDetections: readonly number[]): Protocol {
  const most = maxDetections[maxDetections.length - 1];
  const precision = statsWith({ isPrecision: true, maxDetections: most });
  const recall = statsWith({ isPrecision: false, maxDetections: most });
  return {
    iouThresholds: IOU_THRESHOLDS,
    maxDetections,
    areas: AREA_RANGES.filter(({ name }) => name !== 'small'),
    stats: [
      precision('AP', 'all'),
      precision('AP50', 'all', 0.5),
      precision('AP75', 'all', 0.75),
      precision('APm', 'medium'),
      precision('APl', 'large'),
      recall('AR', 'all'),
      recall('AR50', 'all', 0.5),
      recall('AR75', 'all', 0.75),
      recall('ARm', 'medium'),
      recall('ARl', 'large'),
    ],
    columns: ['AP', 'AP50', 'AP75', 'APm', 'APl', 'AR'],
    isFederated: false,
  };
}

/** Of LVIS: of an image, over all categories together. */
export const MAX_LVIS_DETECTIONS = 300;

/**
 * What LVIS measures of boxes and masks, as the `lvis` package does.
 *
 * @param maxDetections of an image count, over all categories together
 */
export function lvisProtocol(maxDetections = MAX_LVIS_DETECTIONS): Protocol {
  const precision = statsWith({ isPrecision: true, maxDetections });
  const recall = statsWith({ isPrecision: false, maxDetections });
  return {
    iouThresholds: IOU_THRESHOLDS,
    maxDetections: [maxDetections],
    areas: AREA_RANGES,
    stats: [
      ...precisionBySize(maxDetections),
      { ...precision('APr', 'all'), frequency: 'r' },
      { ...precision('APc', 'all'), frequency: 'c' },
      { ...precision('APf', 'all'), frequency: 'f' },
      recall(`AR@${maxDetections}`, 'all'),
      recall(`ARs@${maxDetections}`, 'small'),
      recall(`ARm@${maxDetections}`, 'medium'),
      recall(`ARl@${maxDetections}`, 'large'),
    ],
    columns: ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', `AR@${maxDetections}`],
    isFederated: true,
  };
}

/** Average precision of boxes or masks: over all overlaps, at two of them, and of objects by size. */
function precisionBySize(maxDetections: number): Stat[] {
  const precision = statsWith({ isPrecision: true, maxDetections });
  return [
    precision('AP', 'all'),
    precision('AP50', 'all', 0.5),
    precision('AP75', 'all', 0.75),
    precision('APs', 'small'),
    precision('APm', 'medium'),
    precision('APl', 'large'),
  ];
}

function statsWith(common: Pick<Stat, 'isPrecision' | 'maxDetections'>) {
  return (name: StatName, area: AreaName, iouThreshold?: number): Stat => ({
    name,
    ...common,
    area,
    ...(iouThreshold !== undefined && { iouThreshold }),
  });
}
