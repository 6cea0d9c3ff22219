/** How entries are called in torchvision's files and in those of image classifiers. */

/** A tower of RetinaNet: four convolutions, each with an activation behind it. */
const OLD_TOWER = /^(head\.(?:classification|regression)_head\.conv)\.([0246])\.(weight|bias)$/;

/** A convolution of the mask head, counted from 1. */
const OLD_MASK_LAYER = /^roi_heads\.mask_head\.mask_fcn([1-4])\.(weight|bias)$/;

/**
 * Torchvision's present name of an entry that a model does not have under the name that it is given. Its published detectors
 * have older ones, which torchvision renames when it loads them: in FPN, RPN, mask head and RetinaNet's heads the convolutions
 * were not yet wrapped together with a norm and an activation.
 */
export function currentTorchvisionName(name: string): string {
  return name
    .replace(/^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$/, '$1.0.$2')
    .replace(/^rpn\.head\.conv\.(weight|bias)$/, 'rpn.head.conv.0.0.$1')
    .replace(
      OLD_MASK_LAYER,
      (_, layer: string, kind: string) => `roi_heads.mask_head.${+layer - 1}.0.${kind}`,
    )
    .replace(
      OLD_TOWER,
      (_, tower: string, index: string, kind: string) => `${tower}.${+index / 2}.0.${kind}`,
    );
}

/** The layers that make an image classifier of a backbone, of which a detector has no use. */
const CLASSIFIER_LAYER = /^(_?fc|classifier)\./;

export function isClassifierLayer(name: string): boolean {
  return CLASSIFIER_LAYER.test(name);
}

/**
 * What the backbone of a detector calls an entry of an image classifier, which keeps its layers in `features` (MobileNet)
 * or at the top (ResNet, EfficientNet). Undefined of the classifier's own layers.
 */
export function classifierBackboneName(name: string): string | undefined {
  return isClassifierLayer(name) ? undefined : name.replace(/^features\./, '');
}
