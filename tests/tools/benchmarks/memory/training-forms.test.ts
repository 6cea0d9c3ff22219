import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { createDetector } from '../../../../detection/modeling/definitions';
import { batchOf, drawPictures } from '../../../../tools/benchmarks/detector-batch';
import { fillWithFormula } from '../../../../tools/benchmarks/formula-weights';
import {
  formsOf,
  headGradientsOf,
  separatedForm,
  trainingForm,
} from '../../../../tools/benchmarks/memory/training-forms';
import { expectNoTensorLeaks } from '../../../detection/tensor-leaks';

beforeAll(() => loadBackend());
expectNoTensorLeaks();

const options = { numClasses: 3, norm: 'frozen', seed: 1 } as const;

test.each([
  'fasterrcnn_tiny_fpn',
  'mask_keypointrcnn_tiny_fpn',
  'cascade_maskrcnn_tiny_fpn',
  'retinanet_tiny_fpn',
  'fcos_tiny_fpn',
])('all forms of %s have the same losses, and those that are separated a seam', (model) => {
  const forms = formsOf(model).map((form) => {
    const detector = createDetector(model, { ...options, headGradients: headGradientsOf(form) });
    fillWithFormula(detector, 1);
    const pictures = drawPictures({ size: 128, batch: 2, boxes: 3, classes: 3 });
    const batch = batchOf(pictures, detector.input);
    let seams = 0;
    const losses = trainingForm(form, detector, () => seams++)(batch);
    const values = Object.entries(losses).map(([name, loss]): [string, number] => [name, loss.dataSync()[0]]);
    tf.dispose([losses, pictures.map(({ pixels }) => pixels), batch.images.tensor]);
    detector.dispose();
    expect(seams).toBe(form.startsWith('separated') ? 1 : 0);
    return values;
  });
  expect(forms.length).toBeGreaterThan(1);
  // Each head has something to learn from: with wild weights those behind the first of a cascade have not.
  for (const [, loss] of forms[0]) expect(loss).toBeGreaterThan(0);
  for (const values of forms) {
    expect(values.map(([name]) => name)).toEqual(forms[0].map(([name]) => name));
    values.forEach(([, value], i) =>
      expect(Math.abs(value - forms[0][i][1])).toBeLessThanOrEqual(1e-5 * value),
    );
  }
});

test('a form that a model does not have is refused', () => {
  const detector = createDetector('fcos_tiny_fpn', options);
  expect(() => separatedForm('separated, sampling forward', detector, () => 0)).toThrow(
    'fcos_tiny_fpn has no form separated, sampling forward',
  );
  detector.dispose();
});
