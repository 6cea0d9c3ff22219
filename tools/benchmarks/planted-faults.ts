/**
 * How well losses find faults in annotations.
 *
 *     node dist/tools/benchmarks/planted-faults.js plant ANNOTATIONS FAULTY.json PLANTED.json [SEED]
 *     npx rcnn train --train-annotations FAULTY.json ...
 *     npx rcnn check --annotations FAULTY.json --images DIR --weights RUN/best --json RANKED.json
 *     node dist/tools/benchmarks/planted-faults.js score PLANTED.json RANKED.json
 */
import { readFileSync } from 'node:fs';
import type { CocoFile } from '../../datasets/coco/coco-file';
import { writeJson } from '../terminal/output-files';
import { plantFaults } from './plant-faults';

const [, , what, ...files] = process.argv;
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8')) as unknown;

if (what === 'plant') {
  const [annotations, faultyFile, plantedFile, seed = '0'] = files;
  const { faulty, planted } = plantFaults(read(annotations) as CocoFile, Number(seed));
  writeJson(faultyFile, faulty);
  writeJson(plantedFile, planted);
  process.stdout.write(`${planted.length} faults planted, ${faulty.annotations.length} objects left\n`);
}
