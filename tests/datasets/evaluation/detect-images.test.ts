import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { detectFile } from '../../../datasets/evaluation/detect-images';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { rejectionOf } from '../../thrown';

test('a picture is detected in by its path and from its bytes alike; one that cannot be read leaves nothing behind', async () => {
  await loadBackend();
  const folder = mkdtempSync(path.join(tmpdir(), 'detect-images-'));
  const file = path.join(folder, 'noise.png');
  const pixels = Uint8Array.from({ length: 40 * 60 * 3 }, (_, i) => (7919 * i) & 255);
  const bytes = await sharp(pixels, { raw: { width: 60, height: 40, channels: 3 } })
    .png()
    .toBuffer();
  writeFileSync(file, bytes);
  const input = torchvisionInput({ minSize: 64, maxSize: 96 });
  const detector = createDetector('fasterrcnn_tiny_fpn', { numClasses: 2, norm: 'batch', input });
  const { numTensors } = tf.memory();

  const found = await detectFile(detector, file);
  expect(found.size).toEqual({ width: 60, height: 40 });
  expect(new Uint8Array(found.pixels!)).toEqual(pixels);
  expect(found.detections.scores.length).toBeGreaterThan(0);
  expect(Math.max(...found.detections.boxes)).toBeLessThanOrEqual(60);
  expect(await detectFile(detector, new Uint8Array(bytes))).toEqual(found);

  expect(await rejectionOf(detectFile(detector, path.join(folder, 'gone.png')))).toMatchObject({
    code: 'picture-missing',
  });
  expect(await rejectionOf(detectFile(detector, bytes.subarray(0, 60)))).toMatchObject({
    name: 'ImageError',
  });
  expect(tf.memory().numTensors).toBe(numTensors);
  detector.dispose();
  rmSync(folder, { recursive: true });
});
