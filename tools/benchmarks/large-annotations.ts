/**
 * How long annotation files of COCO train2017's size, and of twice the size, take to load, and how much memory: each in a
 * process of its own, and in pycocotools if a Python is given that has it. Makes the files, 1.4 GB, in a temporary folder.
 *
 *     node dist/tools/benchmarks/large-annotations.js [--peer-python PYTHON]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { AnnotationsMeasurement } from './annotations-case';
import { benchmarkProgram, runProgram, type ProgramCall } from './child-process';
import { TRAIN2017, writeLargeAnnotationFile, type AnnotationFileSize } from './large-annotation-file';
import { OtherWork } from './machine';

/** The larger one is more than one string can hold, which has at most 512 MiB. */
const SIZES: readonly AnnotationFileSize[] = [
  TRAIN2017,
  { images: 2 * TRAIN2017.images, annotations: 2 * TRAIN2017.annotations },
];

/** Not compiled: it lies beside the source, and this file runs from dist/tools/benchmarks. */
const PEER_SCRIPT = path.join(__dirname, '../../../tools/benchmarks/peers/coco_annotations.py');

async function main(peerPython: string | undefined): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rcnn-benchmark-'));
  try {
    for (const size of SIZES) {
      const file = path.join(folder, 'instances.json');
      await writeLargeAnnotationFile(file, size);
      const megabytes = (statSync(file).size / 1e6).toFixed(0);
      process.stdout.write(`${size.images} images, ${size.annotations} annotations, ${megabytes} MB\n`);
      await measure('this project', benchmarkProgram('annotations-case', { file }), size);
      if (peerPython !== undefined) {
        await measure('pycocotools', { program: peerPython, args: [PEER_SCRIPT, file] }, size);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @throws Error where not all has been loaded. */
async function measure(name: string, call: ProgramCall, size: AnnotationFileSize): Promise<void> {
  const otherWork = new OtherWork();
  const printed = await runProgram(call, new AbortController().signal);
  const measured = JSON.parse(printed) as AnnotationsMeasurement;
  if (measured.images !== size.images || measured.annotations !== size.annotations) {
    throw new Error(`${name} has loaded ${measured.images} images and ${measured.annotations} annotations`);
  }
  const { seconds, cpu_seconds, peak_mb } = measured;
  const disturbed = otherWork.disturbs ? '  (disturbed)' : '';
  process.stdout.write(
    `  ${name.padEnd(12)}  ${seconds.toFixed(1).padStart(5)} s  ${cpu_seconds.toFixed(1).padStart(5)} CPU s  ` +
      `${peak_mb.toFixed(0).padStart(5)} MB${disturbed}\n`,
  );
}

void main(parseArgs({ options: { 'peer-python': { type: 'string' } } }).values['peer-python']);
