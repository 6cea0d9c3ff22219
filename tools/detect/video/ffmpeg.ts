import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { InputError } from '../../../detection/errors';

/** How a run of ffmpeg has ended. */
export interface FfmpegEnd {
  /** 0 where it is content; negative where it could not be started or was killed. */
  readonly status: number;
  /** What it has complained of. */
  readonly errors: readonly string[];
}

/** As many complaints as are kept: a damaged video has one for each frame. */
const MAX_ERRORS = 20;

/** A run of the ffmpeg on PATH. It hears no Ctrl-C, which is for this process to decide on, and is killed by `stop`. */
export class Ffmpeg {
  readonly process: ChildProcess;
  /** When it has ended, and all that it has said has been heard. */
  readonly ended: Promise<FfmpegEnd>;
  private readonly errors: string[] = [];
  private hasStarted = true;

  /**
   * @param stdio of its standard input and output, and further descriptors; the standard error is read here.
   * @param onLine gets the lines of its log that are no complaints.
   */
  constructor(
    args: readonly string[],
    [input, output, ...more]: readonly ('ignore' | 'pipe')[],
    onLine: (line: string) => void = () => undefined,
  ) {
    const stdio: StdioOptions = [input, output, 'pipe', ...more];
    const always = ['-nostdin', '-nostats', '-loglevel', 'level+info'];
    // Its log is read: no colors, whatever the user likes in a terminal.
    const env = { ...process.env, AV_LOG_FORCE_NOCOLOR: '1' };
    this.process = spawn('ffmpeg', [...always, ...args], { stdio, env, detached: true });
    // Where it ends early, what it says on its way tells why, not the broken pipe.
    this.process.stdin?.on('error', () => undefined);
    this.process.on('error', () => (this.hasStarted = false));
    createInterface(this.process.stderr as Readable).on('line', (line) => {
      const complaint = /^(?:\[[^\]]*\] )?\[(?:error|fatal|panic)\] (.*)/.exec(line)?.[1];
      if (complaint === undefined) onLine(line);
      else if (this.errors.length < MAX_ERRORS) this.errors.push(complaint.trim().replace(/\.$/, ''));
    });
    this.ended = new Promise((resolve) => {
      this.process.on('close', (status) => resolve({ status: status ?? -1, errors: this.errors }));
    });
  }

  /**
   * As `ended`.
   *
   * @throws InputError where there is no ffmpeg.
   */
  async end(): Promise<FfmpegEnd> {
    const end = await this.ended;
    if (this.hasStarted) return end;
    throw new InputError(
      'ffmpeg-missing',
      'videos are read and written by ffmpeg, and there is none on PATH: install it (apt install ffmpeg, brew install ffmpeg)',
    );
  }

  /** Kills it, unless it has ended. */
  stop(): void {
    this.process.kill('SIGKILL');
  }
}

/** What ffmpeg complains of, in a sentence for the user. */
export function complaints({ status, errors }: FfmpegEnd): string {
  return errors.length > 0 ? errors[0] : `ffmpeg has ended with status ${status}`;
}
