import { modelDefinition, modelNames } from '../../../detection/modeling/definitions';
import { detectionLimits } from '../../../detection/modeling/detection-limits';
import type { Detector } from '../../../detection/modeling/detector';

const limitsOf = (name: string, settings: Detector['settings'] = {}) =>
  detectionLimits({ definition: modelDefinition(name), settings });

test('the limits of detectors are those of their settings, wherever their families have them', () => {
  expect(limitsOf('fasterrcnn_resnet50_fpn')).toEqual({ nmsThreshold: 0.5, detectionsPerImage: 100 });
  expect(limitsOf('retinanet_resnet50_fpn')).toEqual({ nmsThreshold: 0.5, detectionsPerImage: 300 });
  expect(limitsOf('fcos_resnet50_fpn')).toEqual({ nmsThreshold: 0.6, detectionsPerImage: 100 });
  expect(limitsOf('ssdlite320_mobilenet_v3_large')).toEqual({ nmsThreshold: 0.55, detectionsPerImage: 300 });
  expect(limitsOf('fasterrcnn_tiny_fpn', { roi: { nmsThreshold: 0.3 } }).nmsThreshold).toBe(0.3);
});

test('a detector without such settings has torchvision’s', () => {
  const definition = {
    ...modelDefinition(modelNames[0]),
    settings: { schema: {}, values: {}, faults: () => [] },
  };
  expect(detectionLimits({ definition, settings: {} })).toMatchObject({
    nmsThreshold: 0.5,
    detectionsPerImage: 100,
  });
});
