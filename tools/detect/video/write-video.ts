import { once } from 'node:events';
import { devNull } from 'node:os';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { logLine } from '../../terminal/progress';
import { complaints, Ffmpeg } from './ffmpeg';
import { matroskaFrame, matroskaHeader } from './matroska';
import { fileUrl, type VideoInfo } from './probe-video';
import type { VideoFrame } from './read-video';

/** ffmpeg's names of the formats that videos are written in: those that hold frames of any length. */
const FORMATS: Readonly<Record<string, string>> = {
  '.mp4': 'mp4',
  '.m4v': 'mp4',
  '.mov': 'mov',
  '.mkv': 'matroska',
  '.webm': 'webm',
};

/** Extensions of the videos that can be written. */
export const WRITTEN_EXTENSIONS: readonly string[] = Object.keys(FORMATS);

/** Complaints that something is missing in the file, with which ffmpeg may still end as if all were well. */
const LOST = /writ|closing|no space/i;
/** Standard of the colors: RGB is converted by it, and players are told. */
const COLORS = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'];
/** Players know colors at half the resolution, for which sides have to be even. */
const FOR_PLAYERS = 'pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p';

/**
 * Encodes frames, each at its time, with the sound of the video that they are of: as it is where the format takes it, encoded
 * anew otherwise.
 */
export class VideoWriter {
  private ffmpeg: Ffmpeg | undefined;

  /**
   * @param file that is written; its own extension does not matter
   * @param named what the user calls it: its extension, one of WRITTEN_EXTENSIONS, says the format
   */
  constructor(
    private readonly file: string,
    private readonly named: string,
    private readonly source: VideoInfo,
  ) {}

  /**
   * Waits until ffmpeg takes more.
   *
   * @throws InputError where the video cannot be written.
   */
  async write(frame: VideoFrame): Promise<void> {
    const { pixels, ticks, duration } = frame;
    if (!this.ffmpeg) {
      this.ffmpeg = await this.start(frame);
      await this.send(matroskaHeader(frame.format, nanoseconds(frame, duration)));
    }
    await this.send(matroskaFrame(nanoseconds(frame, ticks), pixels.length));
    await this.send(pixels);
  }

  /**
   * To be called after the last frame.
   *
   * @throws InputError where the video cannot be written.
   */
  async finish(): Promise<void> {
    this.ffmpeg?.process.stdin?.end();
    await this.requireSuccess();
  }

  /** Stops writing, unless it is done. What has been written is of no use. */
  stop(): void {
    this.ffmpeg?.stop();
  }

  private async send(bytes: Uint8Array): Promise<void> {
    const input = this.ffmpeg!.process.stdin!;
    if (input.write(bytes)) return;
    // Where it ends early, its own words say why, not the broken pipe.
    const drained = once(input, 'drain').catch(() => undefined);
    await Promise.race([drained, this.ffmpeg!.ended]);
    if (!input.writable) await this.requireSuccess();
  }

  private async requireSuccess(): Promise<void> {
    const end = await this.ffmpeg?.end();
    if (end === undefined || (end.status === 0 && !end.errors.some((line) => LOST.test(line)))) return;
    throw new InputError(
      'video-not-written',
      `${this.named}: the video cannot be written: ${complaints(end)}`,
      { file: this.named },
    );
  }

  private async start(first: VideoFrame): Promise<Ffmpeg> {
    const { timeBase, pixelAspect } = first.format;
    const format = FORMATS[path.extname(this.named).toLowerCase()];
    const isMp4 = format === 'mp4' || format === 'mov';
    // Each input would otherwise begin at 0: sound may begin before the picture.
    const offset = String(nanoseconds(first, first.ticks) / 1e9);
    const sound = this.source.hasSound ? await this.sound(format) : undefined;
    return new Ffmpeg(
      [
        ...['-f', 'matroska', '-itsoffset', offset, '-i', 'pipe:0', ...(sound?.input ?? [])],
        ...['-map', '0:v', '-vf', `${FOR_PLAYERS},setsar=${pixelAspect.join('/')}`, ...COLORS],
        ...[...this.source.keepFrames, '-enc_time_base', timeBase.join('/')],
        ...(isMp4 ? ['-video_track_timescale', String(timeBase[1]), '-movflags', '+faststart'] : []),
        ...[...(sound?.output ?? []), '-f', format, '-y', fileUrl(this.file)],
      ],
      ['pipe', 'ignore'],
    );
  }

  /** What makes ffmpeg take the sound of the source. */
  private async sound(format: string): Promise<{ input: readonly string[]; output: readonly string[] }> {
    const { file } = this.source;
    const input = ['-i', fileUrl(file)];
    const copy = ['-c:a', 'copy'];
    const trial = [...input, '-map', '0:a', ...copy, '-frames:a', '1', '-f', format, '-y', devNull];
    const { status } = await new Ffmpeg(trial, ['ignore', 'ignore']).end();
    if (status !== 0) logLine(`${file}: its sound is encoded anew: ${format} does not take it as it is`);
    return { input, output: ['-map', '1:a', ...(status === 0 ? copy : [])] };
  }
}

/** Whether a video of this name can be written. */
export function canBeWritten(file: string): boolean {
  return WRITTEN_EXTENSIONS.includes(path.extname(file).toLowerCase());
}

/** A number of ticks. */
function nanoseconds({ format: { timeBase } }: VideoFrame, ticks: number): number {
  return Math.round((ticks * timeBase[0] * 1e9) / timeBase[1]);
}
