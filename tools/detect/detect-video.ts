import { CategoryMap } from '../../datasets/coco/categories/category-map';
import { drawBoxes } from '../../datasets/drawing/draw-detections';
import {
  aboveThreshold,
  cocoDetections,
  type MaskForm,
  type ScoreThreshold,
} from '../../datasets/evaluation/detect-images';
import { detectImages } from '../../datasets/inference/detect-files';
import type { InferenceOptions } from '../../datasets/inference/options';
import { formatDuration } from '../../detection/engine/writers/live-lines';
import type { PictureDetector } from '../../datasets/inference/picture-detector';
import type { Detections } from '../../detection/structures/instances';
import { interruptible } from '../terminal/interruption';
import { Progress } from '../terminal/progress';
import { boxesToDraw } from './outputs/drawings';
import type { FoundObjects } from './outputs/found-picture';
import type { JsonFrames } from './outputs/json-frames';
import type { FfmpegEnd } from './video/ffmpeg';
import type { VideoInfo } from './video/probe-video';
import { readVideo, secondsOf, type VideoFrame } from './video/read-video';
import { VideoSummary } from './video/video-summary';
import type { VideoWriter } from './video/write-video';

/** How a video is detected in, and what is made of that. */
export interface DetectVideoOptions {
  /** Of the detector. */
  readonly categories: CategoryMap;
  readonly scoreThreshold: ScoreThreshold;
  /** How frames are shown to the detector. */
  readonly inference?: InferenceOptions;
  /** Every how many frames objects are looked for, from the first on. */
  readonly every: number;
  /** Gets each frame, with the boxes drawn that have been found last. */
  readonly drawing?: VideoWriter;
  /** Gets each frame in which objects have been looked for. */
  readonly json?: JsonFrames;
  /** How masks are written in it. Default `rle`. */
  readonly masks?: MaskForm;
}

/** What has been found in a video. */
export interface DetectedVideo {
  readonly summary: VideoSummary;
  /** How the ffmpeg that has read it has ended. */
  readonly reading: FfmpegEnd;
}

/**
 * Finds objects in the frames of a video, one after the other: one is in memory at a time.
 *
 * @throws InputError where something cannot be written; Interrupted where the user stops it.
 */
export async function detectVideo(
  detector: PictureDetector,
  video: VideoInfo,
  { categories, scoreThreshold, inference, every, drawing, json, masks }: DetectVideoOptions,
): Promise<DetectedVideo> {
  const summary = new VideoSummary();
  const progress = new VideoProgress(video.duration);
  const frames = readVideo(video);
  try {
    return await interruptible(async (signal) => {
      let detections: Detections | undefined;
      for (let next = await frames.next(); ; next = await frames.next()) {
        signal.throwIfAborted();
        if (next.done === true) {
          await drawing?.finish();
          progress.end();
          return { summary, reading: next.value };
        }
        const frame = next.value;
        summary.addFrame();
        if (detections === undefined || frame.index % every === 0) {
          const [found] = await detectImages(detector, [imageOf(frame)], { ...inference, signal });
          detections = aboveThreshold(found, scoreThreshold);
          summary.addDetections(detections);
          const objects = cocoDetections(detections, categories, masks);
          json?.add({ ...frameJson(video, frame), detections: objects });
        }
        if (drawing) {
          const found = { detections, categories, keypoints: detector.keypoints };
          await drawing.write(await drawn(frame, found));
        }
        progress.update(secondsOf(frame));
      }
    });
  } finally {
    await frames.return({ status: 0, errors: [] });
    drawing?.stop();
  }
}

/** Of a video that does not tell its duration, it says nothing. */
class VideoProgress {
  private readonly progress = new Progress('detecting', formatDuration);

  constructor(private readonly duration: number | undefined) {}

  update(seconds: number): void {
    if (this.duration !== undefined && seconds < this.duration) this.progress.update(seconds, this.duration);
  }

  end(): void {
    if (this.duration !== undefined) this.progress.update(this.duration, this.duration);
  }
}

function imageOf({ pixels, format }: VideoFrame) {
  return { pixels, size: format.size };
}

function frameJson({ file }: VideoInfo, frame: VideoFrame): object {
  const { width, height } = frame.format.size;
  return { file, frame: frame.index, time: secondsOf(frame), width, height };
}

async function drawn(frame: VideoFrame, found: FoundObjects): Promise<VideoFrame> {
  if (found.detections.labels.length === 0) return frame;
  return { ...frame, pixels: await drawBoxes(imageOf(frame), boxesToDraw(found), 'raw') };
}
