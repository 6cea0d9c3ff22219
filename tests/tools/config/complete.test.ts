import { parseAssignment } from '../../../tools/config/assignments';
import { completeConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';

/** As they are before they are completed. */
function load(...assignments: string[]) {
  const needed = [
    'model.name=fasterrcnn_resnet18_fpn',
    'data.trainAnnotations=a.json',
    'data.trainImages=images',
  ];
  return loadConfiguration({ assignments: [...needed, ...assignments].map(parseAssignment), options: {} });
}

test('the learning rate goes by all images of an iteration', () => {
  const lr = (...sets: string[]): number => completeConfiguration(load(...sets)).optimizer.lr;
  expect(lr('optimizer.accumulate=4')).toBe(4 * lr());
  expect(lr('optimizer.accumulate=4')).toBe(lr('data.batchSize=8'));
});

test('derived values follow from the others', () => {
  const complete = completeConfiguration(load('data.batchSize=8', 'iterations=90000'));
  expect(complete.optimizer.lr).toBeCloseTo(0.01);
  expect(complete.schedule).toMatchObject({ warmupIterations: 1000, milestones: [60000, 80000] });
  expect(complete.model).toMatchObject({ minSize: 800, maxSize: 1333, trainableLayers: 5, norm: 'batch' });
  const pretrained = completeConfiguration(
    load('model.weights=w', 'model.minSize=400', 'optimizer.type=adamw'),
  );
  expect(pretrained.model).toMatchObject({ minSize: 400, maxSize: 667, trainableLayers: 3, norm: 'frozen' });
  expect(pretrained.optimizer.lr).toBe(1e-3);
  // What is derived can be read again.
  const largest = completeConfiguration(load('model.minSize=16384'));
  expect(largest.model.maxSize).toBe(16384);
});

test('what torchvision gives a model of its own, with weights and without', () => {
  const modelOf = (name: string, ...texts: string[]) =>
    completeConfiguration(load(`model.name=${name}`, ...texts)).model;
  for (const [name, stages, norm] of [
    ['fasterrcnn_resnet50_fpn', 5, 'frozen'],
    ['fasterrcnn_resnet50_fpn_v2', 5, 'batch'],
    ['fasterrcnn_mobilenet_v3_large_fpn', 6, 'frozen'],
    ['fasterrcnn_mobilenet_v3_large_320_fpn', 6, 'frozen'],
  ] as const) {
    expect(modelOf(name)).toMatchObject({ norm: 'batch', trainableLayers: stages, normEpsilon: null });
    for (const weights of ['COCO_V1', 'IMAGENET1K_V1']) {
      expect(modelOf(name, `model.weights=${weights}`)).toMatchObject({ norm, trainableLayers: 3 });
    }
  }
  expect(() => modelOf('fasterrcnn_resnet50_fpn', 'model.trainableLayers=6')).toThrow(
    expect.objectContaining({
      code: 'too-many-stages',
      facts: { model: 'fasterrcnn_resnet50_fpn', trainableLayers: 6, stages: 5 },
    }) as Error,
  );
});
