import * as tf from '@tensorflow/tfjs-core';
import {
  createDetector,
  modelDefinition,
  modelDefinitions,
} from '../../../../detection/modeling/definitions';
import { ResNet } from '../../../../detection/modeling/backbone/resnet';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import { FrozenBatchNorm } from '../../../../detection/nn/normalization';
import { RandomStream } from '../../../../detection/nn/random';
import type { DetectionBatch } from '../../../../detection/structures/detection-batch';
import { MaskBuilder } from '../../../../detection/structures/mask-runs';
import type { Mask } from '../../../../detection/structures/mask';
import type { Size } from '../../../../detection/structures/size';
import { expectNoTensorLeaks } from '../../tensor-leaks';

expectNoTensorLeaks();

function rectangle([x1, y1, x2, y2]: Float32Array, size: Size): Mask {
  const builder = new MaskBuilder(size);
  for (let x = x1; x < x2; x++) builder.add(x, y1, y2);
  return builder.mask();
}

function batch(): DetectionBatch {
  const size = { height: 96, width: 128 };
  const tensor: tf.Tensor4D = tf.randomUniform([2, 96, 128, 3], -1, 1, 'float32', 1);
  const boxes = Float32Array.of(8, 8, 60, 70, 30, 20, 110, 80);
  const target = {
    boxes,
    labels: Int32Array.of(1, 3),
    masks: [rectangle(boxes.subarray(0, 4), size), rectangle(boxes.subarray(4, 8), size)],
  };
  return {
    images: { tensor, sizes: [size, size], originalSizes: [size, size] },
    targets: [target, { boxes: new Float32Array(), labels: new Int32Array(), masks: [] }],
    imageIds: [1, 2],
  };
}

const CASCADE_LOSSES = [
  'loss_rpn_cls',
  'loss_rpn_loc',
  'loss_cls_stage0',
  'loss_box_reg_stage0',
  'loss_cls_stage1',
  'loss_box_reg_stage1',
  'loss_cls_stage2',
  'loss_box_reg_stage2',
  'loss_mask',
];
const LOSSES = ['loss_objectness', 'loss_rpn_box_reg', 'loss_classifier', 'loss_box_reg', 'loss_mask'];

test.each([
  ['cascade_maskrcnn_tiny_fpn', CASCADE_LOSSES],
  ['maskrcnn_tiny_c4', LOSSES],
])(
  '%s computes the losses that it names, with a gradient of every parameter, and detects',
  (name, lossNames) => {
    const model = createDetector(name, { numClasses: 3, norm: 'group', seed: 1 });
    expect(model.lossNames).toEqual(lossNames);
    expect(model.iouTypes).toEqual(['bbox', 'segm']);
    const given = batch();
    const parameters = [...model.namedParameters()].filter(([, { trainable: isTrained }]) => isTrained);
    const { losses, gradients } = lossesAndGradients(() => model.losses(given), parameters);
    expect(Object.keys(losses).sort()).toEqual([...model.lossNames].sort());
    expect([...gradients.keys()].sort()).toEqual(parameters.map(([name]) => name).sort());
    for (const loss of Object.values(losses)) expect(Number.isFinite(loss.dataSync()[0])).toBe(true);
    tf.dispose([losses, [...gradients.values()]]);
    const found = model.detect(given.images);
    found.forEach(({ labels, masks }) => expect(masks).toHaveLength(labels.length));
    given.images.tensor.dispose();
    model.dispose();
  },
);

test('the background is the last row of a file, and no row of boxes or masks', () => {
  const { stateDict } = modelDefinition('maskrcnn_resnet50_fpn_detectron2');
  const rows = (entry: string, label: number): unknown =>
    stateDict.rowsOfClass(entry, label, { numRows: 81, numClasses: 80 });
  expect(rows('roi_heads.box_predictor.cls_score.bias', 0)).toEqual([{ start: 80, end: 81 }]);
  expect(rows('roi_heads.box_predictor.cls_score.bias', 1)).toEqual([{ start: 0, end: 1 }]);
  expect(rows('roi_heads.box_predictor.bbox_pred.weight', 0)).toEqual([]);
  expect(rows('roi_heads.box_predictor.bbox_pred.weight', 2)).toEqual([{ start: 4, end: 8 }]);
  expect(rows('roi_heads.mask_head.predictor.weight', 0)).toEqual([]);
  expect(rows('roi_heads.mask_head.predictor.weight', 3)).toEqual([{ start: 2, end: 3 }]);
  const cascade = modelDefinition('cascadercnn_resnet50_fpn').stateDict;
  expect(cascade.isPredictor('roi_heads.box_predictor.1.cls_score.weight')).toBe(true);
  // A box whatever its class.
  expect(cascade.isPredictor('roi_heads.box_predictor.1.bbox_pred.weight')).toBe(false);
});

test("models on MSRA's bodies take bytes of B, G, R less their mean", () => {
  const { channels, mean, std } = modelDefinition('cascadercnn_resnet50_fpn').input;
  expect(channels).toBe('bgr');
  [103.53, 116.28, 123.675].forEach((value, i) =>
    expect((0.5 - mean[i]) / std[i]).toBeCloseTo(127.5 - value, 9),
  );
  expect(modelDefinition('cascadercnn_resnet18_fpn').input.channels).toBe('rgb');
});

test('with the stride in the first 1x1 convolution a bottleneck sees every second pixel alone', () => {
  const build = (strideIn: '1x1' | '3x3'): ResNet =>
    new ResNet(50, {
      normalization: (channels) => new FrozenBatchNorm(channels),
      trainableLayers: 0,
      random: new RandomStream(0, 'init'),
      width: 4,
      strideIn,
    });
  const x: tf.Tensor4D = tf.randomUniform([1, 32, 32, 3], -1, 1, 'float32', 1);
  const [ours, theirs] = (['1x1', '3x3'] as const).map((strideIn) => {
    const body = build(strideIn);
    const maps = body.forward(x);
    const shapesAndValues = maps.map((map) => [map.shape, [...map.dataSync()]] as const);
    tf.dispose(maps);
    body.dispose();
    return shapesAndValues;
  });
  expect(ours.map(([shape]) => shape)).toEqual(theirs.map(([shape]) => shape));
  // The first stage has no stride.
  expect(ours[0]).toEqual(theirs[0]);
  expect(ours[1]).not.toEqual(theirs[1]);
  x.dispose();
});

test('every model named so has entries named as detectron2', () => {
  const names = modelDefinitions.map(({ name }) => name).filter((name) => /^cascade|_detectron2$/.test(name));
  expect(names).toHaveLength(16);
  for (const name of names)
    expect(modelDefinition(name).stateDict.isBackbone('backbone.bottom_up.stem.conv1.weight')).toBe(true);
});

test("a file of torchvision's ResNet-50 is not taken for MSRA's, nor a ResNet-18 refused", () => {
  const { stateDict } = modelDefinition('cascadercnn_resnet50_fpn');
  expect(stateDict.otherModel?.(new Map([['layer1.0.conv3.weight', { shape: [256, 64, 1, 1] }]]))).toBe(
    'fasterrcnn_resnet50_fpn',
  );
  const small = modelDefinition('cascadercnn_resnet18_fpn').stateDict;
  expect(small.otherModel?.(new Map([['layer1.0.conv1.weight', { shape: [64, 64, 3, 3] }]]))).toBeUndefined();
  expect(small.ofClassifier?.('layer2.0.downsample.1.weight')).toBe(
    'backbone.bottom_up.res3.0.shortcut.norm.weight',
  );
});

test('without a pyramid the last stage of the ResNet is the head, which classifiers fill, and which is trained before the others', () => {
  const { stateDict, input, settings } = modelDefinition('fasterrcnn_resnet50_c4');
  expect(input.sizeDivisor).toBe(1);
  expect(settings.values).toMatchObject({
    anchors: { sizes: [[32, 64, 128, 256, 512]] },
    rpn: { preNmsTopN: { train: 12000, test: 6000 }, postNmsTopN: { train: 2000, test: 1000 } },
  });
  expect(stateDict.ofClassifier?.('layer4.0.downsample.1.weight')).toBe(
    'roi_heads.res5.0.shortcut.norm.weight',
  );
  expect(stateDict.ofClassifier?.('layer3.5.bn2.bias')).toBe('backbone.res4.5.conv2.norm.bias');
  const ofBackbone = [
    'backbone.stem.conv1.weight',
    'backbone.res4.0.conv1.weight',
    'roi_heads.res5.2.conv3.weight',
  ];
  expect(ofBackbone.map((entry) => stateDict.isBackbone(entry))).toEqual([true, true, true]);
  expect(stateDict.isBackbone('roi_heads.box_predictor.cls_score.weight')).toBe(false);

  const trained = (trainableLayers: number): string[] => {
    const model = createDetector('fasterrcnn_tiny_c4', { numClasses: 3, norm: 'frozen', trainableLayers });
    const names = [...model.namedParameters()]
      .filter(([name, { trainable }]) => trainable && stateDict.isBackbone(name))
      .map(([name]) => /^(.*?(res\d|stem))\./.exec(name)![1]);
    model.dispose();
    return [...new Set(names)].sort();
  };
  expect(trained(0)).toEqual([]);
  expect(trained(1)).toEqual(['roi_heads.res5']);
  expect(trained(3)).toEqual(['backbone.res3', 'backbone.res4', 'roi_heads.res5']);
  expect(trained(5)).toHaveLength(5);
});

test('anchors without a pyramid come by size, then by ratio, at a stride of 16', () => {
  const anchors = modelDefinition('fasterrcnn_resnet50_c4').anchors!({ height: 40, width: 33 });
  expect(anchors).toHaveLength(1);
  // 3x3 places of 15 anchors.
  expect(anchors[0]).toHaveLength(4 * 15 * 3 * 3);
  const width = (anchor: number): number => anchors[0][4 * anchor + 2] - anchors[0][4 * anchor];
  expect([1, 4, 13].map(width)).toEqual([32, 64, 512]);
  expect([0, 1].map((k) => anchors[0][4 * 15 * k + 4] + anchors[0][4 * 15 * k + 6])).toEqual([0, 32]);
});
