/**
 * Loads an instances file as training does before its first step; prints one line of JSON:
 *
 *     node dist/tools/benchmarks/annotations-case.js '{"file":"instances.json"}'
 */
import { readCocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/loader/examples';
import { peakMemoryBytes } from '../../detection/engine/peak-memory';

export interface AnnotationsCase {
  readonly file: string;
}

/** The peer's program prints the same, as far as it is the same. */
export interface AnnotationsMeasurement {
  readonly images: number;
  readonly annotations: number;
  readonly seconds: number;
  /** User and system. */
  readonly cpu_seconds: number;
  readonly peak_mb: number;
  /** With what the loader keeps of each image beside it. */
  readonly examples?: { readonly seconds: number; readonly peak_mb: number };
}

async function main({ file }: AnnotationsCase): Promise<void> {
  const start = performance.now();
  const dataset = await readCocoDataset(file, 'images');
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage();
  const peak_mb = peakMemoryBytes() / 1e6;
  const examplesStart = performance.now();
  const examples = cocoExamples(dataset);
  const measurement: AnnotationsMeasurement = {
    images: examples.length,
    annotations: dataset.annotations.length,
    seconds,
    cpu_seconds: (user + system) / 1e6,
    peak_mb,
    examples: { seconds: (performance.now() - examplesStart) / 1000, peak_mb: peakMemoryBytes() / 1e6 },
  };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}

void main(JSON.parse(process.argv[2]) as AnnotationsCase);
