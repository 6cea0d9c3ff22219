import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import type { DetectJob, DetectResult } from '../../../tools/detect/detect-job';
import { runDetect } from '../../../tools/detect/run-detect';
import { Interrupted } from '../../../tools/terminal/interruption';
import { describeVideos, ffmpeg, makeClip, soundOf, TICKS, timesOf } from './video/clips';

const categories = ['dog', 'cat'].map((name, k) => ({ id: 10 * (k + 1), name }));

let folder: string;
let model: Detector;
let stderr: string;
/** How often objects have been looked for. */
let searched: number;
let numTensors: number;
const at = (...names: string[]): string => path.join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'videos-'));
  await loadBackend();
  model = createDetector('fasterrcnn_tiny_fpn', { categories: ['dog', 'cat'], norm: 'group' });
  makeClip(at('clip.mp4'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  model.dispose();
});
beforeEach(() => {
  stderr = '';
  searched = 0;
  numTensors = tf.memory().numTensors;
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
  expect(tf.memory().numTensors).toBe(numTensors);
});

/** Runs the command with a detector that finds one object more in each frame, all in one place. */
function detect(job: Partial<DetectJob>, onFrame: () => void = () => undefined): Promise<DetectResult> {
  jest.spyOn(model, 'dispose').mockImplementation(() => undefined);
  jest.spyOn(model, 'detect').mockImplementation(() => {
    searched++;
    onFrame();
    const count = searched;
    return [
      {
        boxes: Float32Array.from({ length: 4 * count }, (_, k) => [10, 20, 30, 50][k % 4]),
        labels: Int32Array.from({ length: count }, (_, k) => (k === 0 ? 1 : 2)),
        scores: new Float32Array(count).fill(0.75),
      },
    ];
  });
  return runDetect({ paths: [at('clip.mp4')], ...job }, () => Promise.resolve({ model, categories }));
}

interface Line {
  readonly frame: number;
  readonly time: number;
  readonly detections: { readonly category_id: number; readonly bbox: number[] }[];
}

describeVideos('a video', () => {
  test('is drawn upright, each frame at its time, with its sound; the JSON has what was looked at', async () => {
    const { text, fault } = await detect({ output: at('drawn.mp4'), json: at('found.jsonl'), every: 4 });
    expect(fault).toBeUndefined();
    expect(text).toBe(
      `${at('clip.mp4')}: 10 frames, 3 of them looked at\n  in 3 frames, up to 1 at once  dog\n` +
        '  in 2 frames, up to 2 at once  cat\n',
    );
    expect(timesOf(at('drawn.mp4'))).toEqual({ ticks: TICKS, size: '48x64', timeBase: '1/90000' });
    expect(soundOf(at('drawn.mp4'))).toBe(soundOf(at('clip.mp4')));

    const lines = readFileSync(at('found.jsonl'), 'utf8').trimEnd().split('\n');
    const frames = lines.map((line) => JSON.parse(line) as Line);
    expect(frames[0]).toMatchObject({ file: at('clip.mp4'), width: 48, height: 64 });
    expect(frames.map(({ frame, time }) => [frame, time])).toEqual(
      [0, 4, 8].map((frame) => [frame, TICKS[frame] / 90000]),
    );
    expect(frames.map(({ detections }) => detections.length)).toEqual([1, 2, 3]);
    expect(frames[1].detections[1]).toEqual({ bbox: [10, 20, 20, 30], score: 0.75, category_id: 20 });
    expect(stderr).toMatch(/^detecting 0:00:0\d\/0:00:0\d, .*\n$/);
  });

  test('keeps its pixels where nothing is drawn, and has the last boxes between the frames looked at', async () => {
    await detect({ output: at('boxes.mkv'), every: 100 });
    await detect({ output: at('plain.mkv'), every: 100, scoreThreshold: { others: 1, byName: new Map() } });
    const pixels = (name: string) => {
      ffmpeg(
        '-i',
        at(name),
        '-vsync',
        'passthrough',
        '-pix_fmt',
        'rgb24',
        '-f',
        'rawvideo',
        at(`${name}.raw`),
      );
      return readFileSync(at(`${name}.raw`));
    };
    const [clip, plain, boxes] = ['clip.mp4', 'plain.mkv', 'boxes.mkv'].map(pixels);
    expect(plain).toHaveLength(10 * 48 * 64 * 3);
    const meanDifference = (a: Buffer, b: Buffer) =>
      a.reduce((sum, value, k) => sum + Math.abs(value - b[k]), 0) / a.length;
    expect(meanDifference(plain, clip)).toBeLessThan(4);
    const last = 9 * 48 * 64 * 3;
    expect(meanDifference(boxes.subarray(last), clip.subarray(last))).toBeGreaterThan(8);
  });

  test('that is stopped leaves nothing', async () => {
    const stopped = detect({ output: at('made', 'x.mp4'), json: at('x.json') }, () => {
      if (searched === 3) process.emit('SIGINT');
    });
    await expect(stopped).rejects.toBeInstanceOf(Interrupted);
    expect(searched).toBe(3);
    expect([existsSync(at('made')), readdirSync(folder).filter((name) => name.includes('x.json'))]).toEqual([
      false,
      [],
    ]);
  });

  test('that ends early gives what could be read, and a fault', async () => {
    ffmpeg('-i', at('clip.mp4'), '-c', 'copy', '-movflags', '+faststart', at('whole.mp4'));
    const whole = readFileSync(at('whole.mp4'));
    writeFileSync(at('cut.mp4'), whole.subarray(0, whole.length * 0.85));
    const { fault } = await detect({ paths: [at('cut.mp4')], json: at('cut.json') });
    expect(fault).toMatchObject({ code: 'video-damaged', facts: { file: at('cut.mp4') } });
    const frames = JSON.parse(readFileSync(at('cut.json'), 'utf8')) as Line[];
    expect(frames.length).toBeGreaterThan(0);
    expect(frames.length).toBeLessThan(10);
    expect(fault!.message).toContain(
      `the results are those of the ${frames.length} frames that could be read`,
    );
  });

  test('whose sound the format does not take gets it encoded anew', async () => {
    await detect({ output: at('drawn.webm'), every: 100 });
    expect(stderr).toContain('its sound is encoded anew: webm does not take it as it is');
    expect(timesOf(at('drawn.webm')).ticks).toHaveLength(10);
  });
});

describeVideos('refused before the detector is opened is', () => {
  const open = jest.fn();
  const refused = (job: Partial<DetectJob>) => runDetect({ paths: [at('clip.mp4')], ...job }, open);
  beforeAll(() => {
    writeFileSync(at('text.mp4'), 'no video');
    ffmpeg('-f', 'lavfi', '-i', 'sine=d=0.1', at('sound.mp4'));
  });
  afterEach(() => expect(open).not.toHaveBeenCalled());

  test.each([
    [{ paths: ['@text.mp4'] }, 'video-unreadable', 'text.mp4: cannot be read as a video: '],
    [{ paths: ['@sound.mp4'] }, 'video-unreadable', 'it has no video, only sound or text'],
    [{ paths: ['@clip.mp4', '@sound.mp4'] }, 'video-alone', 'clip.mp4: is a video; give it alone'],
    [{ output: '@drawn.wmv' }, 'video-extension', 'a video is written as .mp4, .m4v, .mov, .mkv, .webm'],
    [{ output: '@clip.mp4' }, 'overwrites-input', 'would overwrite an input'],
    [{ output: '@' }, 'overwrites-input', 'would overwrite an input'],
    [{ format: 'csv' as const }, 'options-conflict', '--format is for pictures'],
  ])('%j', async (job, code, message) => {
    const inFolder = JSON.parse(JSON.stringify(job).replaceAll('@', `${folder}/`)) as Partial<DetectJob>;
    await expect(refused(inFolder)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test('a video where there is no ffmpeg', async () => {
    jest.replaceProperty(process, 'env', { ...process.env, PATH: folder });
    await expect(refused({})).rejects.toMatchObject({ code: 'ffmpeg-missing' });
  });
});
