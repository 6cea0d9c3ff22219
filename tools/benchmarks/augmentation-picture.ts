/**
 * Draws what the geometric augmentations of a training make of a picture and its objects, each in a picture of its own:
 *
 *     node dist/tools/benchmarks/augmentation-picture.js ANNOTATIONS IMAGES OUTPUT.jpg
 *
 * The first is the picture as it is. A mosaic and copy-paste take further pictures from the set.
 */
import sharp from 'sharp';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { drawBoxes } from '../../datasets/drawing/draw-detections';
import { categoryColor } from '../../datasets/drawing/palette';
import { cocoExamples } from '../../datasets/examples';
import { sizeInBatch } from '../../datasets/loader/batch-job';
import { drawImage, type Sample } from '../../datasets/loader/draw-image';
import { renderImage } from '../../datasets/loader/render-image';
import type { GeometricAugmentation } from '../../datasets/transforms/geometry';
import { torchvisionInput } from '../../detection/structures/input-spec';
import { batchSlot } from '../../detection/structures/resize';

const PANEL = { height: 240, width: 240 };
const GAP = 4;
const COLUMNS = 4;
const SEED = 1;
/** As in the table of docs/training.md, row by row. */
const KINDS: readonly GeometricAugmentation[] = [
  {},
  { verticalFlip: 1 },
  { rotation: 30 },
  { zoomOut: 1 },
  { iouCrop: 1 },
  { mosaic: 1 },
  { copyPaste: 1 },
  { rotation: 30, verticalFlip: 0.5, mosaic: 1, copyPaste: 1 },
];
const input = torchvisionInput({ minSize: PANEL.height, maxSize: PANEL.width });

async function main([annotations, images, output]: readonly string[]): Promise<void> {
  const dataset = await readCocoDataset(annotations, images, { keepSegmentations: true });
  const examples = cocoExamples(dataset, { masks: true });
  const panels = await Promise.all(
    KINDS.map((geometry) =>
      drawn(drawImage(examples[0], 0, examples, { input, geometry, flipProbability: 0, seed: SEED })),
    ),
  );
  const rows = Math.ceil(panels.length / COLUMNS);
  await sharp({
    create: {
      width: COLUMNS * (PANEL.width + GAP) - GAP,
      height: rows * (PANEL.height + GAP) - GAP,
      channels: 3,
      background: '#ffffff',
    },
  })
    .composite(
      panels.map((panel, i) => ({
        input: panel,
        left: (i % COLUMNS) * (PANEL.width + GAP),
        top: Math.floor(i / COLUMNS) * (PANEL.height + GAP),
      })),
    )
    .jpeg({ quality: 80 })
    .toFile(output);
}

/** An image with its objects, in the middle of a panel. */
async function drawn({ picture, targets }: Sample): Promise<Buffer> {
  const size = sizeInBatch(picture);
  const values = new Float32Array(3 * size.height * size.width);
  await renderImage(picture, input, batchSlot(values, size, 0), () => undefined);
  const pixels = Uint8Array.from(values, (value, i) => {
    const byte = 255 * (value * input.std[i % 3] + input.mean[i % 3]);
    return Math.min(Math.max(Math.round(byte), 0), 255);
  });
  const objects = Array.from(targets.labels, (label, i) => {
    const [x1, y1, x2, y2] = targets.boxes.subarray(4 * i, 4 * i + 4);
    const mask = targets.hasMask?.[i] === 0 ? undefined : targets.masks?.[i];
    return { box: [x1, y1, x2, y2] as const, label: '', color: categoryColor(label), mask };
  });
  const drawing = await drawBoxes({ pixels, size }, objects, 'png');
  return sharp(drawing)
    .resize({ ...PANEL, fit: 'contain', background: '#ffffff' })
    .png()
    .toBuffer();
}

void main(process.argv.slice(2));
