/** What a block of a ResNet has: a convolution, or the normalization behind it. */
const BLOCK_LAYERS: readonly (readonly [torchvision: RegExp, detectron2: string])[] = [
  [/\.bn(\d)\./, '.conv$1.norm.'],
  [/\.downsample\.0\./, '.shortcut.'],
  [/\.downsample\.1\./, '.shortcut.norm.'],
];

/** Of everything else, and of the parts that blocks are in. */
const PARTS: readonly (readonly [torchvision: RegExp, detectron2: string])[] = [
  [/^backbone\.body\.conv1\./, 'backbone.bottom_up.stem.conv1.'],
  [/^backbone\.body\.bn1\./, 'backbone.bottom_up.stem.conv1.norm.'],
  [/^rpn\.head\.conv\.0\.0\./, 'proposal_generator.rpn_head.conv.'],
  [/^rpn\.head\.cls_logits\./, 'proposal_generator.rpn_head.objectness_logits.'],
  [/^rpn\.head\.bbox_pred\./, 'proposal_generator.rpn_head.anchor_deltas.'],
  [/^roi_heads\.mask_predictor\.conv5_mask\./, 'roi_heads.mask_head.deconv.'],
  [/^roi_heads\.mask_predictor\.mask_fcn_logits\./, 'roi_heads.mask_head.predictor.'],
  [/^roi_heads\.keypoint_predictor\.kps_score_lowres\./, 'roi_heads.keypoint_head.score_lowres.'],
];

const BODY_STAGE = /^backbone\.body\.layer(\d)\./;
const PYRAMID_LAYER = /^backbone\.fpn\.(inner|layer)_blocks\.(\d)\.0\./;
const PYRAMID_NAMES = { inner: 'lateral', layer: 'output' };
const MASK_LAYER = /^roi_heads\.mask_head\.(\d)\.0\./;
/** Between two of its convolutions torchvision counts the ReLU. */
const KEYPOINT_LAYER = /^roi_heads\.keypoint_head\.(\d+)\./;

/** The stage of a body that is the head of a detector without a feature pyramid. */
const HEAD_STAGE = /^roi_heads\.res5\./;

/** The same of a detector without a feature pyramid, whose head is the body's last stage: `roi_heads.res5` in both. */
export function detectron2C4Name(name: string): string {
  return detectron2Name(name.replace(HEAD_STAGE, 'backbone.body.layer4.'))
    .replace(/^backbone\.bottom_up\.res5\./, 'roi_heads.res5.')
    .replace(/^backbone\.bottom_up\./, 'backbone.');
}

/**
 * What detectron2 calls an entry of a detector whose parts are called as torchvision's. Where it has one name less, blocks of a
 * ResNet say, norms are called as parts of their convolutions.
 */
export function detectron2Name(name: string): string {
  const inBlock = BODY_STAGE.test(name)
    ? BLOCK_LAYERS.reduce((renamed, [theirs, ours]) => renamed.replace(theirs, ours), name)
    : name;
  return PARTS.reduce((renamed, [theirs, ours]) => renamed.replace(theirs, ours), inBlock)
    .replace(BODY_STAGE, (_, stage: string) => `backbone.bottom_up.res${Number(stage) + 1}.`)
    .replace(
      PYRAMID_LAYER,
      (_, kind: 'inner' | 'layer', level: string) =>
        `backbone.fpn_${PYRAMID_NAMES[kind]}${Number(level) + 2}.`,
    )
    .replace(MASK_LAYER, (_, layer: string) => `roi_heads.mask_head.mask_fcn${Number(layer) + 1}.`)
    .replace(
      KEYPOINT_LAYER,
      (_, layer: string) => `roi_heads.keypoint_head.conv_fcn${Number(layer) / 2 + 1}.`,
    );
}
