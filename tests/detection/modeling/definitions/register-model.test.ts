import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import {
  createDetector,
  modelDefinition,
  modelDefinitions,
  modelNames,
  registerModel,
} from '../../../../detection/modeling/definitions';
import { defineModel } from '../../../../detection/modeling/definitions/define-model';
import { fasterRcnnModel } from '../../../../detection/modeling/definitions/faster-rcnn';
import { thrownBy } from '../../../thrown';

beforeAll(async () => {
  await loadBackend();
});

const mine = defineModel(fasterRcnnModel('fasterrcnn_tiny_fpn'), { name: 'mine', headFeatures: 16 });

test('a registered model is known by its name, once', () => {
  const before = tf.memory().numTensors;
  registerModel(mine);
  registerModel(mine);
  expect(modelDefinition('mine')).toBe(mine);
  expect([modelDefinitions.at(-1), modelNames.at(-1)]).toEqual([mine, 'mine']);
  expect(modelNames.filter((name) => name === 'mine')).toHaveLength(1);
  const detector = createDetector('mine', { numClasses: 1 });
  expect(detector.definition).toBe(mine);
  detector.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a name is given once', () => {
  const other = defineModel(mine, { name: 'fasterrcnn_tiny_fpn' });
  expect(thrownBy(() => registerModel(other))).toMatchObject({
    code: 'model-name-taken',
    model: 'fasterrcnn_tiny_fpn',
  });
  expect(modelDefinition('fasterrcnn_tiny_fpn')).not.toBe(other);
});
