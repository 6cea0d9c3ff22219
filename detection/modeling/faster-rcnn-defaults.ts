/**
 * The numbers of the published detector. All are the defaults of torchvision's FasterRCNN and
 * fasterrcnn_resnet50_fpn, or are written into its code where this is said.
 */
export const fasterRcnnDefaults = {
  transform: {
    /** Shorter side of the resized image in pixels, if the longer one allows it. */
    minSize: 800,
    maxSize: 1333,
  },
  anchors: {
    /** Of each level, in pixels of the resized image. */
    sizes: [[32], [64], [128], [256], [512]],
    /** Heights / widths on every level. */
    aspectRatios: [0.5, 1, 2],
  },
  rpn: {
    /** Overlap from which on an anchor is an object, and below which it is background. */
    fgIouThreshold: 0.7,
    bgIouThreshold: 0.3,
    batchSizePerImage: 256,
    positiveFraction: 0.5,
    /** Proposals of each level before non-maximum suppression, and of all levels after it. */
    preNmsTopN: { train: 2000, test: 1000 },
    postNmsTopN: { train: 2000, test: 1000 },
    nmsThreshold: 0.7,
    /** Probability of an object from which on a proposal stays. */
    scoreThreshold: 0,
    /** Shortest side of a proposal in pixels (RegionProposalNetwork.min_size). */
    minProposalSize: 1e-3,
    /** RegionProposalNetwork's BoxCoder. */
    bboxWeights: [1, 1, 1, 1],
  },
  roi: {
    /** Overlap from which on a proposal is an object, and below which it is background. */
    fgIouThreshold: 0.5,
    bgIouThreshold: 0.5,
    batchSizePerImage: 512,
    positiveFraction: 0.25,
    /** RoIHeads' BoxCoder. */
    bboxWeights: [10, 10, 5, 5],
    /** Probability above which a detection stays. */
    scoreThreshold: 0.05,
    nmsThreshold: 0.5,
    detectionsPerImage: 100,
    /** Shortest side of a detection in pixels of the resized image (RoIHeads.postprocess_detections). */
    minDetectionSize: 1e-2,
  },
  /** The box that pools from the canonical level (torchvision's LevelMapper). */
  levelMapper: { canonicalScale: 224, canonicalLevel: 4 },
  /** Where the box regression losses turn from quadratic to linear (RegionProposalNetwork, fastrcnn_loss). */
  smoothL1Beta: 1 / 9,
} as const;

/** The same structure with any numbers in it. */
type Widened<T> = T extends number ? number : { readonly [K in keyof T]: Widened<T[K]> };

export type RpnOptions = Widened<typeof fasterRcnnDefaults.rpn>;
export type RoiOptions = Widened<typeof fasterRcnnDefaults.roi>;
