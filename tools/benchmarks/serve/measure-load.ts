import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient, sendPictures } from './http-client';
import { readMetric } from './service-metrics';

/** Before answers count: code is compiled, memory is taken. */
const WARM_UP_SECONDS = 3;
/** Between two looks at `/health`. */
const HEALTH_MILLISECONDS = 50;

/** What a service has done for a number of clients that send one picture after the other. */
export interface LoadResult {
  readonly clients: number;
  readonly seconds: number;
  readonly picturesPerSecond: number;
  /** From sending a picture to its answer, milliseconds. */
  readonly median: number;
  readonly p95: number;
  /** Of `/health`, in the same time. */
  readonly healthP95: number;
  /** How many were told to come again. */
  readonly refused: number;
  /** Resident memory of the service at the end, bytes. */
  readonly memory: number;
}

/**
 * Measures a service with so many clients for so long, after a warm-up.
 *
 * @throws Error where an answer is neither a detection nor a request to come again; the signal's reason.
 */
export async function measureLoad(
  url: string,
  pictures: readonly Buffer[],
  clients: number,
  seconds: number,
  signal: AbortSignal,
): Promise<LoadResult> {
  const end = new AbortController();
  const answers: number[] = [];
  const health: number[] = [];
  let refused = 0;
  let counts = false;
  const sending = Array.from({ length: clients }, (_, k) =>
    // Each begins with another picture.
    sendPictures(url, [...pictures.slice(k % pictures.length), ...pictures], end.signal, (answer) => {
      if (answer.status !== 200 && answer.status !== 503) throw new Error(`${answer.status}: ${answer.body}`);
      if (!counts) return;
      if (answer.status === 200) answers.push(answer.milliseconds);
      else refused++;
    }),
  );
  const watching = watchHealth(url, end.signal, (milliseconds) => counts && health.push(milliseconds));
  const all = Promise.all([...sending, watching]);
  try {
    await Promise.race([all, sleep(1000 * WARM_UP_SECONDS, undefined, { signal })]);
    counts = true;
    const started = performance.now();
    await Promise.race([all, sleep(1000 * seconds, undefined, { signal })]);
    counts = false;
    const measured = (performance.now() - started) / 1000;
    return {
      clients,
      seconds: measured,
      picturesPerSecond: answers.length / measured,
      median: quantile(answers, 0.5),
      p95: quantile(answers, 0.95),
      healthP95: quantile(health, 0.95),
      refused,
      memory: await readMetric(url, 'process_resident_memory_bytes'),
    };
  } finally {
    end.abort();
    await all;
  }
}

async function watchHealth(url: string, end: AbortSignal, onAnswer: (ms: number) => void): Promise<void> {
  const client = new HttpClient(url);
  while (!end.aborted) {
    onAnswer((await client.get('/health')).milliseconds);
    await sleep(HEALTH_MILLISECONDS);
  }
  client.close();
}

/** The smallest value that a share of all values does not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? NaN;
}

/** The results as a table. */
export function loadTable(results: readonly LoadResult[]): string {
  const head = ['clients', 'pictures/s', 'p50 ms', 'p95 ms', 'health p95 ms', '503', 'memory MB'];
  const rows = results.map((result) => [
    String(result.clients),
    result.picturesPerSecond.toFixed(1),
    result.median.toFixed(0),
    result.p95.toFixed(0),
    result.healthP95.toFixed(1),
    String(result.refused),
    (result.memory / 1e6).toFixed(0),
  ]);
  return [head, ...rows].map((row) => row.map((cell) => cell.padStart(14)).join('')).join('\n');
}
