import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createDetector } from '../../../detection/modeling/definitions';
import { runCommand } from '../../../tools/cli/main';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { rejectionOf } from '../../thrown';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { Printed } from './printed';

expectNoTensorLeaks();
const printed = new Printed();

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keypoints-'));
  const picture = sharp({ create: { width: 32, height: 32, channels: 3, background: '#2a6' } });
  await picture.toFile(join(folder, 'a.png'));
  const model = createDetector('keypointrcnn_tiny_fpn', {
    categories: ['mouse'],
    keypoints: { names: ['nose', 'left_ear', 'right_ear'], flipPairs: [[1, 2]], skeleton: [] },
    norm: 'batch',
  });
  saveDetector(model, join(folder, 'weights.safetensors'));
  model.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Evaluates the detector on a set of one object. */
function evaluate(category: object, ...options: string[]): Promise<void> {
  const annotations = join(folder, 'val.json');
  const annotation = { id: 1, image_id: 1, category_id: 1, bbox: [2, 2, 20, 20] };
  const content = {
    images: [{ id: 1, file_name: 'a.png', width: 32, height: 32 }],
    annotations: [{ ...annotation, keypoints: [3, 3, 2, 9, 9, 2, 15, 15, 2] }],
    categories: [{ id: 1, name: 'mouse', ...category }],
  };
  writeFileSync(annotations, JSON.stringify(content));
  const weights = ['--weights', join(folder, 'weights.safetensors'), '--min-size', '32', '--max-size', '32'];
  return runCommand(['evaluate', '--annotations', annotations, '--images', folder, ...weights, ...options]);
}

test('a detector of other keypoints, or of these in another order, is not evaluated by them', async () => {
  const category = { keypoints: ['nose', 'right_ear', 'left_ear'] };
  const error = await rejectionOf(evaluate(category));
  expect(error).toMatchObject({ code: 'other-keypoints' });
  expect((error as Error).message).toMatch(/--iou-type bbox evaluates the boxes alone$/);
  await evaluate(category, '--iou-type', 'bbox');
  expect(printed.stdout).toContain('mouse');
});

test('keypoints that the set has no names for are taken for those of the detector', async () => {
  await evaluate({});
  expect(printed.stderr).toMatch(/in this order: nose, left_ear, right_ear/);
});
