import { renameSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../detection/errors';
import { makeFolders } from '../../detection/files/make-folders';
import { sha256Of } from '../file-hash';
import { claimPartial, sizeOf } from './partial-file';
import type { PublishedWeights } from '../../detection/modeling/detector';
import { isPublishedSize, sha256Prefix } from './zoo';

/** A published file that cannot be had. The message says where to put it by hand. */
export class DownloadError extends InputError {
  override readonly name = 'DownloadError';

  /** @internal */
  constructor(
    code: string,
    /** That was to be written. */
    readonly file: string,
    message: string,
    facts: Readonly<Record<string, unknown>>,
    options?: ErrorOptions,
  ) {
    super(code, message, facts, options);
  }
}

export type PublishedFile = Pick<PublishedWeights, 'file' | 'mebibytes'>;

/** What whoever waits for a download may be told, and may do. */
export interface DownloadListeners {
  /** Ends the download; what has come stays, and the next call goes on from there. */
  readonly signal?: AbortSignal;
  /** Bytes that have come, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called before a transfer that broke off is taken up again after so many seconds. */
  readonly onRetry?: (reason: string, seconds: number) => void;
}

export interface DownloadOptions extends DownloadListeners {
  readonly timing?: DownloadTiming;
}

export interface DownloadTiming {
  /** Without a byte for this long, in seconds, a transfer counts as broken off. */
  readonly stall: number;
  /** Seconds before the first new attempt; doubled for each that brought nothing. */
  readonly firstRetry: number;
}

const TIMING: DownloadTiming = { stall: 30, firstRetry: 1 };
/** Attempts in a row that bring nothing. */
const MAX_ATTEMPTS = 5;

/** The transfer ended before its time: worth another attempt. */
class Interruption extends Error {}

/**
 * Downloads a published file, checks its SHA-256 against the digits in its name, and only then gives it its name. A transfer
 * that breaks off is taken up where it ended, in this call and, where the process has ended, by the next one. The hash
 * decides in the end: a server may ignore ranges or have another file than it had, and any number of processes may
 * download the same file.
 *
 * @param url where it is.
 * @param file what it is to be called; its folder is made.
 * @throws DownloadError where it cannot be had. The signal's reason when that ends it.
 */
export async function download(
  published: PublishedFile,
  url: string,
  file: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { signal, onRetry, timing = TIMING } = options;
  const partial = prepare(file);
  const job = { published, url, file, partial, options };
  let isOneTransfer = sizeOf(partial) === 0;
  let hasAnswered = false;
  for (let attempts = 1; ; attempts++) {
    const before = sizeOf(partial);
    let reason: string;
    try {
      await transfer(job, () => (hasAnswered = true));
      const hash = await sha256Of(partial);
      const expected = sha256Prefix(published);
      if (hash.startsWith(expected)) {
        renameSync(partial, file);
        return;
      }
      rmSync(partial);
      if (isOneTransfer) {
        const begin = hash.slice(0, expected.length);
        const reason = `its SHA-256 begins with ${begin}, not ${expected}; it was removed`;
        throw failure(job, 'download-checksum', reason, { sha256: hash, expected });
      }
      reason = 'the pieces do not fit together';
      isOneTransfer = true;
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      reason = error.message;
      if (sizeOf(partial) > 0) isOneTransfer = false;
    }
    if (!hasAnswered) throw failure(job, 'download-unreachable', reason, { reason });
    if (sizeOf(partial) > before) attempts = 1;
    if (attempts === MAX_ATTEMPTS) {
      throw failure(job, 'download-given-up', `${reason}; given up after ${attempts} attempts`, {
        reason,
        attempts,
      });
    }
    const seconds = timing.firstRetry * 2 ** (attempts - 1);
    onRetry?.(reason, seconds);
    await sleep(seconds * 1000, undefined, { signal });
  }
}

/** A download that is under way. */
interface Job {
  readonly published: PublishedFile;
  readonly url: string;
  readonly file: string;
  readonly partial: string;
  readonly options: DownloadOptions;
}

function failure({ url, file }: Job, code: string, reason: string, facts = {}): DownloadError {
  const proxy = process.env['HTTPS_PROXY'] ?? process.env['https_proxy'];
  const note = proxy === undefined ? '' : ' (HTTPS_PROXY is not used here)';
  return new DownloadError(
    code,
    file,
    `${url}: cannot be downloaded: ${reason}${note}. Or get it in another way and save it as ${file}`,
    { url, ...facts },
  );
}

/** @returns the name to download to. */
function prepare(file: string): string {
  try {
    makeFolders(path.dirname(file));
    return claimPartial(file);
  } catch (error) {
    throw notWritten(file, error);
  }
}

function notWritten(file: string, cause: unknown): DownloadError {
  const { message } = cause as Error;
  return new DownloadError(
    'download-unwritable',
    file,
    `${file}: cannot be written: ${message}`,
    {},
    { cause },
  );
}

/** One request for what is missing of a file, and what comes of it. Throws Interruption where it may be tried again. */
async function transfer(job: Job, onAnswer: () => void): Promise<void> {
  const { published, url, partial } = job;
  const { signal, onProgress, timing = TIMING } = job.options;
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), timing.stall * 1000);
  try {
    const start = sizeOf(partial);
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
      headers: { 'accept-encoding': 'identity', ...(start > 0 && { range: `bytes=${start}-` }) },
    });
    onAnswer();
    const place = placeOf(response, start);
    if (place === 'complete') return;
    if (place === undefined) {
      rmSync(partial);
      throw new Interruption('the server sent another part than it was asked for');
    }
    requireUsable(job, response, place);
    const { position, total } = place;
    const limit = 2 * published.mebibytes * 2 ** 20;
    const end = await write(response.body, partial, position, (done) => {
      timer.refresh();
      if (done > limit) throw failure(job, 'download-endless', 'it has no end there', { limit });
      onProgress?.(done, Math.max(done, total ?? Math.round(published.mebibytes * 2 ** 20)));
    });
    const isWhole = total === undefined ? isPublishedSize(published, end) : end === total;
    if (!isWhole) throw new Interruption(`the transfer ended after ${end} bytes`);
  } catch (error) {
    signal?.throwIfAborted();
    if (stalled.signal.aborted) throw new Interruption(`nothing came for ${timing.stall} s`);
    if (error instanceof InputError || error instanceof Interruption) throw error;
    throw new Interruption(reasonOf(error));
  } finally {
    clearTimeout(timer);
    stalled.abort(); // ends a transfer that is of no use
  }
}

interface Place {
  /** At which the body begins in the file. */
  readonly position: number;
  /** Size of the file; undefined where the server does not say. */
  readonly total: number | undefined;
}

/** What an answer holds; undefined where it is no part that continues what we have. */
function placeOf({ status, headers }: Response, start: number): Place | 'complete' | undefined {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const total = range && range[2] !== '*' ? Number(range[2]) : undefined;
  if (status === 206) return Number(range?.[1]) === start ? { position: start, total } : undefined;
  if (status === 416 && start > 0) return total === undefined || total === start ? 'complete' : undefined;
  const length = headers.get('content-length');
  return { position: 0, total: length === null ? undefined : Number(length) };
}

type UsableResponse = Response & { readonly body: ReadableStream<Uint8Array> };

function requireUsable(job: Job, response: Response, place: Place): asserts response is UsableResponse {
  const { status, statusText } = response;
  const answer = `the server answers ${`${status} ${statusText}`.trim()}`;
  if (status >= 500 || status === 429) throw new Interruption(answer);
  if (!response.ok || !response.body) throw failure(job, 'download-refused', answer, { status });
  if (place.total !== undefined && !isPublishedSize(job.published, place.total)) {
    const { mebibytes } = job.published;
    throw failure(job, 'download-size', `it has ${place.total} bytes there, not ${mebibytes} MiB`, {
      bytes: place.total,
      mebibytes,
    });
  }
}

/** Writes a body from a position on; what was there behind it goes. Returns where it ended. */
async function write(
  body: ReadableStream<Uint8Array>,
  file: string,
  start: number,
  onPosition: (position: number) => void,
): Promise<number> {
  const handle = await writing(file, () => open(file, start > 0 ? 'r+' : 'w'));
  const reader = body.getReader();
  let position = start;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk = read.value;
      await writing(file, () => writeFully(handle, chunk, position));
      position += chunk.length;
      onPosition(position);
    }
    await writing(file, () => handle.sync());
    return position;
  } finally {
    await handle.close();
  }
}

async function writeFully(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

/** Tells what the system refuses here from what happens to the connection. */
async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw notWritten(file, error);
  }
}

/** fetch says "fetch failed" or "terminated"; why, its cause knows. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { message: detail, code } = Object(cause) as Partial<NodeJS.ErrnoException>;
  return detail || code || message;
}
