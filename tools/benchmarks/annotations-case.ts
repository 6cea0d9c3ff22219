/**
 * Loads an instances file with every check but that of its pictures, and makes of it what the training loader keeps;
 * prints one line of JSON:
 *
 *     node dist/tools/benchmarks/annotations-case.js '{"file":"instances.json"}'
 */
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { cocoExamples } from '../../datasets/examples';
import { peakMemoryBytes } from '../../detection/engine/writers/peak-memory';

export interface AnnotationsCase {
  readonly file: string;
}

/** The peer's program prints the same. */
export interface AnnotationsMeasurement {
  readonly images: number;
  readonly annotations: number;
  readonly seconds: number;
  /** Of the whole process, user and system. */
  readonly cpu_seconds: number;
  /** Of the whole process. */
  readonly peak_mb: number;
}

async function main({ file }: AnnotationsCase): Promise<void> {
  const start = performance.now();
  const dataset = await readCocoDataset(file, 'images');
  const examples = cocoExamples(dataset);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage();
  const measurement: AnnotationsMeasurement = {
    images: examples.length,
    annotations: dataset.annotations.length,
    seconds,
    cpu_seconds: (user + system) / 1e6,
    peak_mb: peakMemoryBytes() / 1e6,
  };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}

void main(JSON.parse(process.argv[2]) as AnnotationsCase);
