import { InputError } from '../../../detection/errors';
import { complaints, Ffmpeg } from './ffmpeg';

/** What is known of a video before it is read. */
export interface VideoInfo {
  readonly file: string;
  /** In seconds; undefined where the file does not tell. */
  readonly duration: number | undefined;
  readonly hasSound: boolean;
  /** The option that makes ffmpeg keep each frame, rather than one for each tick of a clock. */
  readonly keepFrames: readonly string[];
}

/**
 * Asks ffmpeg what a file is.
 *
 * @throws InputError where it is no video that ffmpeg can read, or there is no ffmpeg.
 */
export async function probeVideo(file: string): Promise<VideoInfo> {
  const log: string[] = [];
  // Without an output it says what the input is, complains of that, and ends.
  const ffmpeg = new Ffmpeg(['-i', fileUrl(file)], ['ignore', 'ignore'], (line) => log.push(line));
  const end = await ffmpeg.end();
  const text = log.join('\n');
  if (!/Stream #0:\d.*: Video: /.test(text)) {
    const isOther = /Stream #0:\d/.test(text);
    const reason = isOther
      ? 'it has no video, only sound or text'
      : complaints(end).replace(`${fileUrl(file)}: `, '');
    throw new InputError('video-unreadable', `${file}: cannot be read as a video: ${reason}`, { file });
  }
  const duration = /Duration: (\d+):(\d+):([\d.]+)/.exec(text);
  const [hours, minutes, seconds] = duration ? duration.slice(1).map(Number) : [];
  return {
    file,
    duration: duration ? 3600 * hours + 60 * minutes + seconds : undefined,
    hasSound: /Stream #0:\d.*: Audio: /.test(text),
    keepFrames: keepFrames(text),
  };
}

/** The name of a file as ffmpeg's option: a colon in it would begin with the name of a protocol. */
export function fileUrl(file: string): string {
  return `file:${file}`;
}

/** `-fps_mode` replaces `-vsync` from 5.1 on. Builds without such a number are newer. */
function keepFrames(log: string): readonly string[] {
  const version = /ffmpeg version n?(\d+)\.(\d+)/.exec(log);
  const [major, minor] = version ? version.slice(1).map(Number) : [Infinity, 0];
  const isOld = major < 5 || (major === 5 && minor < 1);
  return [isOld ? '-vsync' : '-fps_mode', 'passthrough'];
}
