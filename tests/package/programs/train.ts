import { createDetector, train, Sgd, warmupMultiStep } from 'faster-rcnn';
import { loadNativeBackend } from 'faster-rcnn/node';
import { TrainingLoader, type Example } from 'faster-rcnn/datasets';
import { CheckpointHook, loadWeights } from 'faster-rcnn/weights';
import { evaluateDetector } from 'faster-rcnn/evaluation';

/** A green picture of 8 x 6 pixels as the bytes of a PNG file. */
const GREEN =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAIAAABxZ0isAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEElEQVQImWNgaGDAjgZSAgAI/xgB4oUAdwAAAABJRU5ErkJggg==';
const examples: readonly Example[] = [1, 2, 3, 4].map((imageId) => ({
  imageId,
  file: Buffer.from(GREEN, 'base64'),
  size: { height: 6, width: 8 },
  targets: { boxes: Float32Array.of(1, 1, 5, 4), labels: Int32Array.of(1 + (imageId % 2)) },
}));
const valExamples = examples;

// What follows is the program that the library promises to run: change it, and programs of users break.
await loadNativeBackend();
const model = createDetector('fasterrcnn_resnet18_fpn', { categories: ['plate', 'car'] });
await loadWeights(model, 'IMAGENET1K_V1');
const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
const data = new TrainingLoader(examples, { input: model.input, batchSize: 4, seed: 0 });
await train(data, model, {
  optimizer,
  learningRate: warmupMultiStep(0.005, [400]),
  iterations: 600,
  hooks: [new CheckpointHook('runs/a', { model, optimizer, every: 100 })],
});
console.log(await evaluateDetector(model, valExamples));
