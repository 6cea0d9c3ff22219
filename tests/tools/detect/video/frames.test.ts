import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { probeVideo } from '../../../../tools/detect/video/probe-video';
import { readVideo, secondsOf } from '../../../../tools/detect/video/read-video';
import { VideoWriter } from '../../../../tools/detect/video/write-video';
import { describeVideos, ffmpeg } from './clips';

describeVideos('frames that fit into no pipe', () => {
  let folder: string;
  let clip: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'frames-'));
    clip = path.join(folder, 'clip.mov');
    const source = 'testsrc2=s=640x480:r=30000/1001';
    ffmpeg('-f', 'lavfi', '-i', source, '-frames:v', '6', '-c:v', 'mjpeg', '-vf', 'setsar=4/3', clip);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('arrive whole, with their times and the shape of their pixels', async () => {
    const times = [];
    for await (const frame of readVideo(await probeVideo(clip))) {
      expect(frame.pixels).toHaveLength(640 * 480 * 3);
      expect(frame.format).toMatchObject({ size: { width: 640, height: 480 }, pixelAspect: [4, 3] });
      times.push(secondsOf(frame));
    }
    expect(times).toEqual([0, 1, 2, 3, 4, 5].map((k) => (k * 1001) / 30000));
  });

  test('and that cannot be written are a fault, not a broken pipe', async () => {
    const video = await probeVideo(clip);
    const writer = new VideoWriter('/dev/full', path.join(folder, 'drawn.mkv'), video);
    const written = async () => {
      for await (const frame of readVideo(video)) await writer.write(frame);
      await writer.finish();
    };
    await expect(written()).rejects.toMatchObject({
      code: 'video-not-written',
      message: expect.stringMatching(/drawn\.mkv: the video cannot be written: .*No space left/) as string,
    });
  });

  test('are not all read where one is enough', async () => {
    const frames = readVideo(await probeVideo(clip));
    expect((await frames.next()).done).toBe(false);
    await frames.return({ status: 0, errors: [] });
    expect((await frames.next()).done).toBe(true);
  });
});
