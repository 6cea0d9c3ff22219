import { setTimeout as sleep } from 'node:timers/promises';
import { faultKinds } from './faulty-clients';
import { sendPictures } from './http-client';
import { quantile } from './measure-load';
import { readMetrics } from './service-metrics';

/** Clients that do everything right, beside one of each kind of fault. */
const GOOD_CLIENTS = 4;
const SAMPLE_SECONDS = 1;
/** Of the time, before memory is looked at: pools fill, code is compiled. */
const WARM_UP_SHARE = 1 / 3;
/** Faults of one client follow each other so fast at most. */
const PAUSE_MILLISECONDS = 50;
/** In which a service that is left alone is through with what it had. */
const REST_SECONDS = 3;
/** Between the medians of the memory before and after, at most: noise of the allocators. */
const TOLERATED_GROWTH = 0.1;

/** What a service was like at one time. */
export interface ServiceSample {
  readonly seconds: number;
  /** Resident, bytes. */
  readonly memory: number;
  readonly tensors: number;
}

/** What a service has gone through, and what it was like. */
export interface FaultResult {
  /** How often each kind of fault was sent. */
  readonly faults: Readonly<Record<string, number>>;
  /** Answers to clients that do everything right. */
  readonly answered: number;
  readonly refused: number;
  readonly samples: readonly ServiceSample[];
  /** What was not as it has to be; empty where all was. */
  readonly complaints: readonly string[];
}

/**
 * Sends good pictures and all kinds of faults to a service for so long, then lets it rest, and looks at what is left.
 *
 * @throws the signal's reason; the system's error where the service is gone
 */
export async function runFaults(
  url: string,
  pictures: readonly Buffer[],
  seconds: number,
  signal: AbortSignal,
  onSample: (sample: ServiceSample) => void,
): Promise<FaultResult> {
  const end = new AbortController();
  const complaints = new Set<string>();
  const faults = new Map<string, number>();
  const statuses = new Map<number, number>();
  const samples: ServiceSample[] = [];
  const started = performance.now();

  const good = Array.from({ length: GOOD_CLIENTS }, () =>
    sendPictures(url, pictures, end.signal, ({ status }) => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status !== 200 && status !== 503) complaints.add(`a good picture got ${status}`);
    }),
  );
  const faulty = faultKinds.map(async ({ name, statuses: allowed, send }) => {
    for (let k = 0; !end.signal.aborted; k++) {
      const status = await send(url, pictures[k % pictures.length]);
      faults.set(name, k + 1);
      if (status !== undefined && !allowed.includes(status))
        complaints.add(`${name}: answered with ${status}`);
      await sleep(PAUSE_MILLISECONDS);
    }
  });
  const sampling = async (): Promise<void> => {
    while (!end.signal.aborted) {
      await sleep(1000 * SAMPLE_SECONDS);
      const sample = await sampleOf(url, started);
      samples.push(sample);
      onSample(sample);
    }
  };
  const all = Promise.all([...good, ...faulty, sampling()]);
  try {
    await Promise.race([all, sleep(1000 * seconds, undefined, { signal })]);
  } finally {
    end.abort();
    await all;
  }
  await sleep(1000 * REST_SECONDS, undefined, { signal });
  return {
    faults: Object.fromEntries(faults),
    answered: statuses.get(200) ?? 0,
    refused: statuses.get(503) ?? 0,
    samples,
    complaints: [...complaints, ...(await leftBehind(url)), ...growthIn(samples)],
  };
}

async function sampleOf(url: string, started: number): Promise<ServiceSample> {
  const metrics = await readMetrics(url);
  return {
    seconds: (performance.now() - started) / 1000,
    memory: metrics.get('process_resident_memory_bytes') ?? NaN,
    tensors: metrics.get('rcnn_tensors') ?? NaN,
  };
}

async function leftBehind(url: string): Promise<string[]> {
  const metrics = await readMetrics(url);
  return ['rcnn_pictures', 'rcnn_queue_length', 'rcnn_detector_deaths_total']
    .filter((name) => metrics.get(name) !== 0)
    .map((name) => `${name} is ${metrics.get(name)} at the end`);
}

/** Whether tensors, or memory, have become more after the warm-up. */
export function growthIn(samples: readonly ServiceSample[]): string[] {
  const warm = samples.slice(Math.ceil(WARM_UP_SHARE * samples.length));
  const [before, after] = [warm.slice(0, warm.length >> 1), warm.slice(warm.length >> 1)];
  const tensors = new Set(warm.map((sample) => sample.tensors));
  const memory = [before, after].map((part) =>
    quantile(
      part.map((sample) => sample.memory),
      0.5,
    ),
  );
  return [
    ...(tensors.size > 1 ? [`numbers of tensors after a batch: ${[...tensors].join(', ')}`] : []),
    ...(memory[1] > (1 + TOLERATED_GROWTH) * memory[0]
      ? [`memory has grown from ${megabytes(memory[0])} to ${megabytes(memory[1])}`]
      : []),
  ];
}

/** The result, for people. */
export function describeFaults({ faults, answered, refused, samples, complaints }: FaultResult): string {
  const memory = samples.map((sample) => sample.memory);
  const thirds = [0, 1, 2].map((k) =>
    quantile(memory.slice((k * memory.length) / 3, ((k + 1) * memory.length) / 3), 0.5),
  );
  return [
    `good pictures: ${answered} answered, ${refused} told to come again`,
    ...Object.entries(faults).map(([name, count]) => `${name}: ${count}`),
    `memory, medians of three thirds of the time: ${thirds.map(megabytes).join(', ')}`,
    `tensors after a batch: ${[...new Set(samples.map(({ tensors }) => tensors))].join(', ')}`,
    ...(complaints.length === 0 ? ['nothing to complain about'] : complaints.map((each) => `WRONG: ${each}`)),
  ].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
