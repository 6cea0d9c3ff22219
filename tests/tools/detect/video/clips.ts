import { spawnSync } from 'node:child_process';
import { describeWith } from '../../../peer';

/** Tests that need ffmpeg on PATH. */
export const describeVideos = describeWith('ffmpeg', spawnSync('ffmpeg', ['-version']).status === 0);

/** Runs ffmpeg, which writes files; what it prints on the standard output. */
export function ffmpeg(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Ten frames of 64 x 48 pixels. After the fourth they are further apart; a tick is 1/90000 s. */
export const TICKS = [0, 1, 2, 3, 8, 10, 12, 14, 16, 18].map((n) => n * 3000);

/** Writes a video like a phone's: frames at changing intervals, turned by a quarter when it is shown, with sound. */
export function makeClip(file: string): void {
  const upright = `${file}.upright.mp4`;
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=30', '-f', 'lavfi', '-i', 'sine=d=0.6'];
  const times = `setpts='if(lt(N,4),N,2*N)/30/TB',settb=1/90000`;
  const video = ['-frames:v', '10', '-vf', times, '-vsync', 'passthrough', '-enc_time_base', '1/90000'];
  const encoded = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-qp', '4', '-c:a', 'aac'];
  ffmpeg(...pictures, ...video, ...encoded, '-video_track_timescale', '90000', upright);
  ffmpeg('-i', upright, '-c', 'copy', '-metadata:s:v:0', 'rotate=90', file);
}

/** Times of the frames of a video, in ticks of its own, and their size. */
export function timesOf(file: string): { ticks: number[]; size: string; timeBase: string } {
  const passed = ['-map', '0:v', '-vsync', 'passthrough', '-enc_time_base', '-1', '-f', 'framecrc', '-'];
  const lines = ffmpeg('-i', file, ...passed)
    .trim()
    .split('\n');
  const of = (name: string) => lines.find((line) => line.startsWith(`#${name} 0: `))!.split(': ')[1];
  const ticks = lines.filter((line) => !line.startsWith('#')).map((line) => Number(line.split(',')[2]));
  return { ticks, size: of('dimensions'), timeBase: of('tb') };
}

/** What identifies the sound of a video as it is stored. */
export function soundOf(file: string): string {
  return ffmpeg('-i', file, '-map', '0:a', '-c', 'copy', '-f', 'md5', '-');
}
