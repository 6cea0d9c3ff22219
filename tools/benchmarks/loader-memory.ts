/**
 * Whether the training loader's memory grows with the number of images seen: small pictures go through it, and it prints what
 * is resident after each tenth of them.
 *
 *     node dist/tools/benchmarks/loader-memory.js [IMAGES]
 */
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { cocoExamples } from '../../datasets/examples';
import { TrainingLoader } from '../../datasets/loader/training-loader';
import { loadBackend } from '../../detection/backend/node';
import { torchvisionInput } from '../../detection/structures/input-spec';
import { residentMegabytes } from './machine';

/** Files; entries of the data set take turns with them. */
const PICTURES = 50;
/** The epochs are short, so that many begin. */
const ENTRIES = 2000;
const BATCH_SIZE = 8;
const WORKERS = 2;
const LINES = 10;

async function main(numImages: number): Promise<void> {
  await loadBackend();
  const folder = mkdtempSync(path.join(tmpdir(), 'rcnn-benchmark-'));
  try {
    const dataset = await readCocoDataset(await makeSet(folder), folder);
    const loader = new TrainingLoader(cocoExamples(dataset), {
      input: torchvisionInput({ minSize: 64, maxSize: 120 }),
      batchSize: BATCH_SIZE,
      workers: WORKERS,
      minSizes: [48, 64, 80],
      seed: 0,
    });
    process.stdout.write(`${'images seen'.padStart(11)}  resident MB  heap MB  array buffers MB  tensors\n`);
    let seen = 0;
    for await (const { imageIds } of loader) {
      const tenths = Math.floor((LINES * seen) / numImages);
      seen += imageIds.length;
      if (Math.floor((LINES * seen) / numImages) > tenths) process.stdout.write(`${row(seen)}\n`);
      if (seen >= numImages) break;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function row(seen: number): string {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const columns: readonly [value: number, width: number][] = [
    [seen, 11],
    [residentMegabytes(), 11],
    [heapUsed / 2 ** 20, 7],
    [arrayBuffers / 2 ** 20, 16],
    [tf.memory().numTensors, 7],
  ];
  return columns.map(([value, width]) => value.toFixed(0).padStart(width)).join('  ');
}

/** @returns the annotation file of pictures of many sizes in `folder`. */
async function makeSet(folder: string): Promise<string> {
  const images = Array.from({ length: ENTRIES }, (_, id) => {
    const picture = id % PICTURES;
    const [width, height] = [60 + 7 * (picture % 10), 60 + 9 * Math.floor(picture / 10)];
    return { id, file_name: `${picture}.jpg`, width, height };
  });
  for (const { file_name, width, height } of images.slice(0, PICTURES)) {
    const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
    await sharp({ create: { width, height, channels: 3, background: '#888', noise } })
      .jpeg()
      .toFile(path.join(folder, file_name));
  }
  const annotations = images.map(({ id }) => {
    return { id, image_id: id, category_id: 1, bbox: [5, 5, 40, 40], area: 1600, iscrowd: 0 };
  });
  const file = path.join(folder, 'instances.json');
  writeFileSync(file, JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'thing' }] }));
  return file;
}

void main(Number(process.argv[2] ?? 50_000));
