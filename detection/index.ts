/**
 * The public API: models that compute their own losses, the trainer that drives them, and the parts they are built
 * from. Nothing here needs Node; where files or the native library come in, import `detection/backend/node`, `weights`
 * or `datasets`.
 */
export * from './engine/adamw';
export * from './engine/divergence-error';
export * from './events/event-storage';
export * from './engine/gradient-clipping';
export * from './events/histogram';
export * from './engine/hooks';
export * from './engine/optimizer';
export * from './engine/schedules';
export * from './engine/sgd';
export * from './events/summary';
export * from './engine/train';
export * from './nn/trainable';
export * from './engine/with-loss';
export * from './errors';
export * from './modeling/backbone/body';
export * from './modeling/backbone/feature-pyramid';
export * from './modeling/backbone/resnet';
export * from './modeling/definitions/faster-rcnn-defaults';
export * from './modeling/faster-rcnn';
export * from './modeling/matching/box-coder';
export * from './modeling/matching/matcher';
export * from './modeling/matching/sampler';
export * from './modeling/examples/model';
export * from './modeling/definitions/models';
export * from './modeling/roi/box-head';
export * from './modeling/roi/fast-rcnn-losses';
export * from './modeling/roi/multi-scale-roi-align';
export * from './modeling/roi/roi-heads';
export * from './modeling/rpn/anchor-generator';
export * from './modeling/rpn/region-proposal-network';
export * from './modeling/rpn/rpn-head';
export * from './modeling/rpn/rpn-losses';
export type { Nonlinearity } from './nn/activations';
export * from './nn/autograd';
export * from './nn/conv2d-norm-activation';
export * from './nn/containers';
export * from './nn/convolution';
export * from './nn/depthwise-convolution';
export * from './nn/linear';
export * from './nn/module';
export * from './nn/normalisation';
export * from './nn/random';
export { noGradient } from './nn/tfjs-internals';
export * from './ops/nms';
export * from './ops/roi-align';
export * from './ops/smooth-l1';
export * from './structures/boxes';
export * from './structures/detection-batch';
export * from './structures/instances';
export * from './structures/mask';
export * from './structures/image-batch';
export * from './structures/resize';
export * from './structures/size';
