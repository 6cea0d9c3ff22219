import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Size } from '../../../detection/structures/size';
import { Ffmpeg, type FfmpegEnd } from './ffmpeg';
import { fileUrl, type VideoInfo } from './probe-video';

/** How frames are shaped, and in what their times are counted. */
export interface FrameFormat {
  /** Upright: of a phone's videos that are marked as turned, too. */
  readonly size: Size;
  /** Of a pixel, width to height. */
  readonly pixelAspect: readonly [width: number, height: number];
  /** A tick in seconds, as a fraction. */
  readonly timeBase: readonly [numerator: number, denominator: number];
}

/** A frame of a video. */
export interface VideoFrame {
  readonly format: FrameFormat;
  /** From 0. */
  readonly index: number;
  /** When it is shown, in ticks; each later than that before. */
  readonly ticks: number;
  /** How long, in ticks, as far as the file tells; 0 where it does not. */
  readonly duration: number;
  /** RGB, row by row, [height, width, 3]. */
  readonly pixels: Uint8Array;
}

/** When a frame is shown, in seconds. */
export function secondsOf({ ticks, format: { timeBase } }: VideoFrame): number {
  return (ticks * timeBase[0]) / timeBase[1];
}

/**
 * Decodes a video, frame by frame: ffmpeg waits until the next is asked for, so that one is in memory at a time. Returns how
 * ffmpeg has ended.
 *
 * @throws InputError where there is no ffmpeg.
 */
export async function* readVideo({ file, keepFrames }: VideoInfo): AsyncGenerator<VideoFrame, FfmpegEnd> {
  // Times are those of the file, not rounded to a rate.
  const video = ['-map', '0:V:0', ...keepFrames, '-enc_time_base', '-1'];
  // The first output says what the frames are and when each is shown; of both, each frame is sent at once.
  const times = [...video, '-flush_packets', '1', '-f', 'framecrc', 'pipe:3'];
  const pixels = [...video, '-pix_fmt', 'rgb24', '-flush_packets', '1', '-f', 'rawvideo', 'pipe:1'];
  const ffmpeg = new Ffmpeg(['-i', fileUrl(file), ...times, ...pixels], ['ignore', 'pipe', 'pipe']);
  try {
    const lines = createInterface(ffmpeg.process.stdio[3] as Readable)[Symbol.asyncIterator]();
    const bytes = new ByteReader(ffmpeg.process.stdout!);
    const nextLine = async (): Promise<string | undefined> => {
      const line = await bytes.readWhile(lines.next());
      return line.done === true ? undefined : line.value;
    };
    const header: string[] = [];
    let format: FrameFormat | undefined;
    let last = -1;
    let index = 0;
    for (let line = await nextLine(); line !== undefined; line = await nextLine()) {
      if (line.startsWith('#')) {
        header.push(line);
        continue;
      }
      format ??= parseFormat(header.join('\n'));
      const pixels = await bytes.read(format.size.width * format.size.height * 3);
      if (!pixels) break;
      const [, , ticks, duration] = line.split(',').map(Number);
      last = Math.max(ticks, last + 1);
      yield { format, index: index++, ticks: last, duration, pixels };
    }
    return await ffmpeg.end();
  } finally {
    ffmpeg.stop();
  }
}

function parseFormat(header: string): FrameFormat {
  const pair = (pattern: RegExp): [number, number] => {
    const [, first, second] = pattern.exec(header) ?? [];
    return [Number(first), Number(second)];
  };
  const [width, height] = pair(/^#dimensions 0: (\d+)x(\d+)/m);
  const [across, down] = pair(/^#sar 0: (\d+)\/(\d+)/m);
  const isKnown = across > 0 && down > 0;
  return {
    size: { width, height },
    pixelAspect: isKnown ? [across, down] : [1, 1],
    timeBase: pair(/^#tb 0: (\d+)\/(\d+)/m),
  };
}

/** Reads a stream in pieces of a given length. */
class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private readonly chunksRead: Buffer[] = [];
  private next: Promise<boolean> | undefined;

  constructor(stream: Readable) {
    this.chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /**
   * Waits for something, and reads on meanwhile: who is to send it may have to get rid of what is read here before. That is a
   * frame or two.
   */
  async readWhile<T>(awaited: Promise<T>): Promise<T> {
    let isThere = false;
    const there = awaited.finally(() => (isThere = true));
    while (!isThere) {
      const goesOn = await Promise.race([there.then(() => true), this.more()]);
      if (!goesOn) break;
    }
    return there;
  }

  /** @returns memory of its own; undefined where the stream ends before. */
  async read(length: number): Promise<Buffer | undefined> {
    const piece = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const first = this.chunksRead.shift();
      if (!first) {
        if (await this.more()) continue;
        return undefined;
      }
      const copied = first.copy(piece, done);
      if (copied < first.length) this.chunksRead.unshift(first.subarray(copied));
      done += copied;
    }
    return piece;
  }

  /** Reads a chunk. @returns false where the stream has ended */
  private more(): Promise<boolean> {
    this.next ??= this.chunks.next().then(
      ({ done, value }) => {
        this.next = undefined;
        if (done !== true) this.chunksRead.push(value);
        return done !== true;
      },
      () => false, // it was stopped
    );
    return this.next;
  }
}
