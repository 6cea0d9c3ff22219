import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RandomStream } from '../../detection/nn/random';

/** How many entries an instances file has. */
export interface AnnotationFileSize {
  readonly images: number;
  readonly annotations: number;
}

/** instances_train2017.json: 470 MB. */
export const TRAIN2017: AnnotationFileSize = { images: 118_287, annotations: 860_001 };

const NUM_CATEGORIES = 80;
/** Share of the objects that are crowds, whose mask is given by run lengths; and of those of more than one polygon. */
const CROWDS = 0.012;
const IN_TWO_PARTS = 0.1;
/** Corners of a polygon: a few have very many. */
const MEAN_CORNERS = 20.4;
/** Texts collected before they are written. */
const WRITTEN_AT_ONCE = 2 ** 20;

/** Writes an instances file of train2017's shape: the same keys in the same order, polygons in pixels to two decimals. */
export async function writeLargeAnnotationFile(file: string, size: AnnotationFileSize): Promise<void> {
  await pipeline(Readable.from(joined(fileTexts(size))), createWriteStream(file));
}

/** Longer texts, made of short ones. */
function* joined(texts: Iterable<string>): Generator<string> {
  let collected = '';
  for (const text of texts) {
    collected += text;
    if (collected.length < WRITTEN_AT_ONCE) continue;
    yield collected;
    collected = '';
  }
  yield collected;
}

function* fileTexts({ images, annotations }: AnnotationFileSize): Generator<string> {
  const random = new RandomStream(0, 'large-annotation-file');
  const sizes = Array.from({ length: images }, () => random.pick(PICTURE_SIZES));
  yield `{"info": ${JSON.stringify({ description: 'train2017’s shape', version: '1.0', year: 2017 })}, "licenses": [`;
  yield `${JSON.stringify({ url: 'http://creativecommons.org/licenses/by/2.0/', id: 4, name: 'Attribution' })}], `;
  yield '"images": [';
  for (let i = 0; i < images; i++) yield (i === 0 ? '' : ', ') + imageText(i, sizes[i]);
  yield '], "annotations": [';
  for (let i = 0; i < annotations; i++) {
    const image = random.integer(images);
    yield (i === 0 ? '' : ', ') + annotationText(i, image, sizes[image], random);
  }
  const categories = Array.from({ length: NUM_CATEGORIES }, (_, k) => ({
    supercategory: 'thing',
    id: k + 1,
    name: `category ${k + 1}`,
  }));
  yield `], "categories": ${JSON.stringify(categories)}}`;
}

type PictureSize = readonly [width: number, height: number];

const PICTURE_SIZES: readonly PictureSize[] = [
  [640, 480],
  [640, 427],
  [480, 640],
  [500, 375],
];

function imageId(index: number): number {
  return 4 * index + 9;
}

function imageText(index: number, [width, height]: PictureSize): string {
  const id = imageId(index);
  const fileName = `${String(id).padStart(12, '0')}.jpg`;
  return (
    `{"license": 4, "file_name": "${fileName}", ` +
    `"coco_url": "http://images.cocodataset.org/train2017/${fileName}", ` +
    `"height": ${height}, "width": ${width}, "date_captured": "2013-11-14 11:18:45", ` +
    `"flickr_url": "http://farm9.staticflickr.com/8186/8119368305_4e622c8349_z.jpg", "id": ${id}}`
  );
}

function annotationText(index: number, image: number, size: PictureSize, random: RandomStream): string {
  const [width, height] = size.map((side) => Math.min(side - 2, Math.max(3, Math.exp(4 + random.normal()))));
  const [x, y] = [random.between(0, size[0] - width), random.between(0, size[1] - height)];
  const isCrowd = random.uniform() < CROWDS;
  const segmentation = isCrowd ? runLengthsText(size, random) : polygonsText([x, y, width, height], random);
  return (
    `{"segmentation": ${segmentation}, "area": ${0.6 * width * height}, "iscrowd": ${Number(isCrowd)}, ` +
    `"image_id": ${imageId(image)}, "bbox": [${[x, y, width, height].map(hundredths).join(', ')}], ` +
    `"category_id": ${1 + Math.floor(NUM_CATEGORIES * random.uniform() ** 2)}, "id": ${index + 1}}`
  );
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function polygonsText(box: readonly number[], random: RandomStream): string {
  const parts = random.uniform() < IN_TWO_PARTS ? 2 : 1;
  const polygons = Array.from({ length: parts }, () => polygonText(box, random));
  return `[${polygons.join(', ')}]`;
}

/** A star-shaped outline in the box. */
function polygonText([x, y, width, height]: readonly number[], random: RandomStream): string {
  const corners = 4 + Math.floor(-(MEAN_CORNERS - 4) * Math.log(1 - random.uniform()));
  let text = '';
  for (let corner = 0; corner < corners; corner++) {
    const angle = (2 * Math.PI * corner) / corners;
    const radius = 0.5 * random.between(0.6, 1);
    const atX = hundredths(x + width * (0.5 + radius * Math.cos(angle)));
    const atY = hundredths(y + height * (0.5 + radius * Math.sin(angle)));
    text += `${corner === 0 ? '' : ', '}${atX}, ${atY}`;
  }
  return `[${text}]`;
}

function runLengthsText([width, height]: PictureSize, random: RandomStream): string {
  const counts: number[] = [];
  let left = width * height;
  for (; left > 2000; left -= counts[counts.length - 1]) counts.push(1 + random.integer(2000));
  return `{"counts": [${[...counts, left].join(', ')}], "size": [${height}, ${width}]}`;
}
