/**
 * How far difference hashes of different pictures are apart, and how far those of one picture that has been compressed and scaled:
 * `node dist/tools/benchmarks/duplicate-hashes.js FOLDER...`, folders of pictures, prints a row for each.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { hashDistance } from '../../datasets/duplicates/difference-hash';
import { MAX_DISTANCE } from '../../datasets/duplicates/find-duplicates';
import { pictureHash } from '../../datasets/duplicates/picture-hash';
import { textTable } from '../../datasets/text-table';

/** Of the pictures, each so manieth is changed. */
const EVERY = 3;

const CHANGES: readonly (readonly [name: string, change: (picture: Sharp, width: number) => Sharp])[] = [
  ['JPEG 70', (picture) => picture.jpeg({ quality: 70 })],
  ['60 %', (picture, width) => picture.resize(Math.round(0.6 * width)).jpeg({ quality: 85 })],
  ['150 %', (picture, width) => picture.resize(Math.round(1.5 * width)).png()],
  ['400 %', (picture, width) => picture.resize(4 * width).jpeg()],
];

async function row(folder: string): Promise<string[]> {
  const files = readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name));
  const hashes: string[] = [];
  const start = process.cpuUsage();
  for (const file of files) hashes.push(await pictureHash(readFileSync(file), file));
  const { user, system } = process.cpuUsage(start);
  const milliseconds = (user + system) / 1000 / files.length;
  const near = CHANGES.map(() => 0);
  let numChanged = 0;
  for (let k = 0; k < files.length; k += EVERY, numChanged++) {
    const { width } = await sharp(files[k]).metadata();
    for (const [c, [, change]] of CHANGES.entries()) {
      const changed = await change(sharp(files[k]), width).toBuffer();
      if (hashDistance(hashes[k], await pictureHash(changed, files[k])) <= MAX_DISTANCE) near[c]++;
    }
  }
  let [numPairs, numNear, nearest] = [0, 0, Infinity];
  for (let i = 0; i < hashes.length; i++) {
    for (let j = 0; j < i; j++, numPairs++) {
      const distance = hashDistance(hashes[i], hashes[j]);
      nearest = Math.min(nearest, distance);
      if (distance <= MAX_DISTANCE) numNear++;
    }
  }
  const shares = near.map((count) => `${count} of ${numChanged}`);
  return [folder, ...shares, `${numNear} of ${numPairs}`, String(nearest), milliseconds.toFixed(1)];
}

async function main(folders: readonly string[]): Promise<void> {
  const names = CHANGES.map(([name]) => name);
  const rows = [['pictures', ...names, 'pairs within', 'nearest', 'CPU ms a picture']];
  for (const folder of folders) rows.push(await row(folder));
  process.stdout.write(`within ${MAX_DISTANCE} bits\n${textTable(rows).join('\n')}\n`);
}

void main(process.argv.slice(2));
