import { parseAssignment } from '../../../tools/config/assignments';
import { completeConfiguration, planConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';
import { accumulateOf, requireSameRun } from '../../../tools/config/resume';

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
  expect(lr('optimizer.accumulate=2', 'ranks=2')).toBe(lr('data.batchSize=8'));
});

test('a run goes on with any number of ranks that divides the batches of its iterations', () => {
  const before = planConfiguration(load('ranks=2', 'optimizer.accumulate=3'));
  expect([1, 2, 3, 6].map((ranks) => accumulateOf(before, ranks))).toEqual([6, 3, 2, 1]);
  expect(() => accumulateOf(before, 4)).toThrow('an iteration of this run has 6 batches');
  const resumed =
    (...sets: string[]) =>
    () =>
      requireSameRun(
        before,
        { ...planConfiguration(load(...sets)), optimizer: { ...before.optimizer } },
        'run',
      );
  const with1 = planConfiguration(load('ranks=1', 'optimizer.accumulate=6'));
  expect(() => requireSameRun(before, with1, 'run')).not.toThrow();
  expect(resumed('ranks=1')).toThrow(
    'run: an iteration of this run has 6 batches (ranks x optimizer.accumulate), not 3',
  );
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

test('a model that is trained at several sizes is so by default, in proportion where it is to see others', () => {
  const sizesOf = (...sets: string[]) => planConfiguration(load(...sets)).data.trainMinSizes;
  const keypoints = 'model.name=keypointrcnn_resnet50_fpn';
  expect(sizesOf()).toEqual([800]);
  expect(sizesOf(keypoints)).toEqual([640, 672, 704, 736, 768, 800]);
  expect(sizesOf(keypoints, 'model.minSize=400')).toEqual([320, 336, 352, 368, 384, 400]);
  expect(sizesOf(keypoints, 'data.trainMinSizes=[500]')).toEqual([500]);
});

describe('epochs', () => {
  const lengthOf = (images: number, ...sets: string[]) => {
    const { iterations, epochs, schedule } = completeConfiguration(load(...sets), images);
    return { iterations, epochs, ...schedule };
  };

  test('are iterations by the number of images, and what follows from iterations follows from them', () => {
    expect(lengthOf(9000, 'epochs=20', 'data.batchSize=2')).toMatchObject({
      iterations: 90000,
      epochs: null,
      warmupIterations: 1000,
      milestones: [60000, 80000],
    });
    expect(lengthOf(9000, 'epochs=20', 'data.batchSize=2', 'schedule.milestones=[7]').milestones).toEqual([
      7,
    ]);
  });

  test.each([
    [10, 'epochs=3', 'data.batchSize=4', 8],
    [10, 'epochs=3', 'optimizer.accumulate=2', 8],
    [10, 'epochs=3', 'ranks=2', 8],
    [10, 'epochs=0.25', 'data.batchSize=1', 3],
    // 0.1 * 30 is 3.0000000000000004.
    [30, 'epochs=0.1', 'data.batchSize=3', 1],
    [10.4, 'epochs=1', 'data.batchSize=2', 6],
    [1, 'epochs=0.001', 'data.batchSize=2', 1],
  ])('of %d images with %s and %s: %d', (images, epochs, size, iterations) => {
    expect(lengthOf(images, epochs, size).iterations).toBe(iterations);
  });

  test('are left for later where the data is not there', () => {
    const planned = planConfiguration(load('epochs=2'));
    expect(planned).toMatchObject({ epochs: 2, iterations: null, schedule: { warmupIterations: null } });
    expect(planned.optimizer.lr).toBe(0.0025);
    expect(completeConfiguration(planned, 20).iterations).toBe(20);
    expect(() => completeConfiguration(planned)).toThrow(RangeError);
    expect(planConfiguration(load())).toMatchObject({
      iterations: 1000,
      schedule: { warmupIterations: 100 },
    });
  });
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

test('of SSDlite everything is trained with batch norm, on two images at a time or more', () => {
  const complete = (...texts: string[]) =>
    completeConfiguration(load('model.name=ssdlite320_mobilenet_v3_large', ...texts));
  for (const texts of [[], ['model.weights=COCO_V1']]) {
    expect(complete(...texts).model).toMatchObject({ norm: 'batch', trainableLayers: 6 });
  }
  expect(() => complete('data.batchSize=1')).toThrow(
    expect.objectContaining({
      code: 'small-batch',
      facts: { model: 'ssdlite320_mobilenet_v3_large', batchSize: 1, least: 2 },
    }) as Error,
  );
  expect(complete('data.batchSize=1', 'model.norm=group').data.batchSize).toBe(1);
});
