import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { rleFromPolygon } from '../../datasets/coco/masks/polygon';
import { compressMask, rleArea, rleToBox } from '../../datasets/coco/masks/rle';
import { makeFolders } from '../../detection/files/make-folders';
import { RandomStream } from '../../detection/nn/random';

/** val2017's. */
const NUM_IMAGES = 5000;
const NUM_CATEGORIES = 80;
const NUM_MASKS = 36_000;
const NUM_DETECTIONS = 250_000;
const SIZE = { width: 640, height: 480 };

/** An outline about a center: its distance at any angle is a sum of a few waves. */
interface Blob {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly waves: readonly (readonly [amplitude: number, phase: number])[];
}

interface Truth {
  readonly imageId: number;
  readonly categoryId: number;
  readonly blob: Blob;
}

/**
 * Writes `truth.json`, an instances file of val2017's size with polygons and crowds as run lengths, and `found.json`, mask
 * detections as a results file has them, of which a good half lie near a true mask.
 */
function writeMaskEvaluationFiles(folder: string): void {
  const random = new RandomStream(0, 'mask-evaluation-files');
  const side = (limit: number): number =>
    Math.min(0.9 * limit, Math.max(6, Math.exp(4 + 0.9 * random.normal())));
  const randomBlob = (): Blob => {
    const [width, height] = [side(SIZE.width), side(SIZE.height)];
    return {
      x: random.between(width / 2, SIZE.width - width / 2),
      y: random.between(height / 2, SIZE.height - height / 2),
      width,
      height,
      waves: [1, 2, 3, 4, 5].map((wave) => [(0.25 * random.normal()) / wave, random.between(0, 2 * Math.PI)]),
    };
  };
  // A few categories have most objects, as in COCO.
  const category = (): number => 1 + Math.floor(NUM_CATEGORIES * random.uniform() ** 3);
  const ids = Array.from({ length: NUM_IMAGES }, (_, i) => 7 * i + 3);
  const truths = Array.from({ length: NUM_MASKS }, (): Truth => ({
    imageId: random.pick(ids),
    categoryId: category(),
    blob: randomBlob(),
  }));
  const annotations = truths.map(({ imageId, categoryId, blob }, i) => {
    const polygon = outline(blob, 12 + Math.floor(random.uniform() * 30));
    const mask = rleFromPolygon(polygon, SIZE);
    const isCrowd = random.uniform() < 0.01;
    return {
      id: i + 1,
      image_id: imageId,
      category_id: categoryId,
      bbox: rleToBox(mask),
      area: rleArea(mask),
      iscrowd: Number(isCrowd),
      segmentation: isCrowd ? { size: [SIZE.height, SIZE.width], counts: [...mask.counts] } : [polygon],
    };
  });
  const detections = Array.from({ length: NUM_DETECTIONS }, () => {
    const truth = random.pick(truths);
    const isNear = random.uniform() < 0.6;
    const blob = isNear ? moved(truth.blob, random) : randomBlob();
    return {
      image_id: isNear ? truth.imageId : random.pick(ids),
      category_id: isNear && random.uniform() < 0.8 ? truth.categoryId : category(),
      segmentation: compressMask(rleFromPolygon(outline(blob, 80), SIZE)),
      score: random.uniform(),
    };
  });
  const images = ids.map((id) => ({ id, ...SIZE, file_name: `${id}.jpg` }));
  const categories = Array.from({ length: NUM_CATEGORIES }, (_, i) => ({
    id: i + 1,
    name: `category ${i + 1}`,
  }));
  makeFolders(folder);
  writeFileSync(path.join(folder, 'truth.json'), JSON.stringify({ images, categories, annotations }));
  writeFileSync(path.join(folder, 'found.json'), JSON.stringify(detections));
}

/** The same object, seen a little otherwise. */
function moved({ x, y, width, height, waves }: Blob, random: RandomStream): Blob {
  const scale = (): number => Math.exp(0.1 * random.normal());
  return {
    x: x + 0.05 * width * random.normal(),
    y: y + 0.05 * height * random.normal(),
    width: width * scale(),
    height: height * scale(),
    waves: waves.map(([amplitude, phase]) => [amplitude + 0.02 * random.normal(), phase]),
  };
}

/** x1, y1, x2, y2, ... within the image, as annotation tools write them. */
function outline({ x, y, width, height, waves }: Blob, corners: number): number[] {
  const within = (value: number, limit: number): number =>
    Math.round(Math.min(limit, Math.max(0, value)) * 100) / 100;
  return Array.from({ length: corners }, (_, k) => {
    const angle = (2 * Math.PI * k) / corners;
    const sum = waves.reduce(
      (r, [amplitude, phase], i) => r + amplitude * Math.cos((i + 1) * angle + phase),
      1,
    );
    const distance = Math.max(0.2, sum) / 2;
    return [
      within(x + distance * width * Math.cos(angle), SIZE.width),
      within(y + distance * height * Math.sin(angle), SIZE.height),
    ];
  }).flat();
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name a folder for truth.json and found.json');
writeMaskEvaluationFiles(folder);
