/**
 * How well the losses of a detector find faults in annotations, the detector having been trained on the faulty ones:
 *
 *     node dist/tools/benchmarks/planted-faults.js plant ANNOTATIONS FAULTY.json PLANTED.json [SEED]
 *     npx rcnn train --train-annotations FAULTY.json ...
 *     npx rcnn check --annotations FAULTY.json --images DIR --weights RUN/best --json RANKED.json
 *     node dist/tools/benchmarks/planted-faults.js score PLANTED.json RANKED.json
 */
import { readFileSync } from 'node:fs';
import type { CocoFile } from '../../datasets/coco/coco-file';
import { textTable } from '../../datasets/text-table';
import { writeJson } from '../terminal/output-files';
import {
  foundAtDepths,
  plantFaults,
  PLANTED_KINDS,
  type PlantedFault,
  type RankedSuspect,
} from './plant-faults';

/** Of the list, from its top. */
const DEPTHS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3];

const [, , what, ...files] = process.argv;
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8')) as unknown;

if (what === 'plant') {
  const [annotations, faultyFile, plantedFile, seed = '0'] = files;
  const { faulty, planted } = plantFaults(read(annotations) as CocoFile, Number(seed));
  writeJson(faultyFile, faulty);
  writeJson(plantedFile, planted);
  process.stdout.write(`${planted.length} faults planted, ${faulty.annotations.length} objects left\n`);
} else {
  const planted = read(files[0]) as PlantedFault[];
  const { suspects } = read(files[1]) as { suspects: RankedSuspect[] };
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const rows = foundAtDepths(planted, suspects, DEPTHS).map(
    ({ depth, length, precision, recall, byKind }) => [
      percent(depth),
      String(length),
      percent(precision),
      percent(recall),
      ...byKind.map(percent),
    ],
  );
  const head = ['first', 'entries', 'precision', 'planted found', ...PLANTED_KINDS];
  process.stdout.write(`${textTable([head, ...rows]).join('\n')}\n`);
}
