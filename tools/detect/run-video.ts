import path from 'node:path';
import { CategoryMap } from '../../datasets/coco/categories/category-map';
import { InputError } from '../../detection/errors';
import { removeLeftovers } from '../../detection/files/leftovers';
import { StagedFiles } from '../../detection/files/staged-files';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import type { OpenedDetector } from '../../weights/onnx/opened-detector';
import { pluralize } from '../terminal/pluralize';
import { requireFileName } from '../terminal/output-files';
import type { DetectJob, DetectResult } from './detect-job';
import { detectVideo, type DetectedVideo } from './detect-video';
import { JsonFrames } from './outputs/json-frames';
import { tellOfMissingMasks } from './run-pictures';
import { thresholdsByLabel } from './score-thresholds';
import { complaints } from './video/ffmpeg';
import { probeVideo } from './video/probe-video';
import { VideoWriter, WRITTEN_EXTENSIONS, canBeWritten } from './video/write-video';

/**
 * `rcnn detect` for a video. Files get their names when all of it is done.
 *
 * @param open opens the detector, after it has been made sure that everything else is as it should be. It is disposed of here.
 * @throws InputError where something is not; Interrupted where the user stops it.
 */
export async function runVideo(
  file: string,
  job: DetectJob,
  open: () => Promise<OpenedDetector>,
): Promise<DetectResult> {
  requireVideoOptions(job);
  const { every = 1, json, scoreThreshold, inference } = job;
  const output = job.output === undefined ? undefined : drawnName(job.output, file);
  if (json !== undefined) requireFileName('--json', json, [file]);
  const video = await probeVideo(file);
  const detector = await open();
  const staged = new StagedFiles();
  let frames: JsonFrames | undefined;
  try {
    tellOfMissingMasks(job, detector.model);
    const categories = new CategoryMap(detector.categories, 'the detector');
    const thresholds = thresholdsByLabel(scoreThreshold, categories, detector.scoreThresholds);
    if (json !== undefined) frames = new JsonFrames(json, staged);
    const drawing = output === undefined ? undefined : new VideoWriter(staged.reserve(output), output, video);
    const found = await detectVideo(detector.model, video, {
      categories,
      inference,
      scoreThreshold: thresholds,
      every,
      drawing,
      json: frames,
      masks: job.masks,
    });
    const fault = faultOf(file, found);
    frames?.finish();
    staged.publish();
    return { text: found.summary.text(file, categories), fault };
  } finally {
    frames?.close();
    staged.discard();
    detector.model.dispose();
  }
}

function requireVideoOptions(job: DetectJob): void {
  const ofPictures = (['format', 'results', 'annotations', 'crops'] as const).find(
    (key) => job[key] !== undefined,
  );
  if (job.masks !== undefined && job.json === undefined)
    throw new InputError('options-conflict', '--masks is for --json, which can have masks in two forms');
  if (ofPictures === undefined) return;
  throw new InputError(
    'options-conflict',
    `--${ofPictures} is for pictures; what is found in a video is written by --json (FILE.jsonl has a line for each frame)`,
  );
}

/** A file with the name of a video, or one of the video's own name in a folder. */
function drawnName(output: string, video: string): string {
  const isFolder = statOrUndefined(output)?.isDirectory() === true || path.extname(output) === '';
  const own = canBeWritten(video) ? path.basename(video) : `${path.parse(video).name}.mp4`;
  const file = isFolder ? path.join(output, own) : output;
  if (!canBeWritten(file)) {
    throw new InputError(
      'video-extension',
      `--output ${output}: a video is written as ${WRITTEN_EXTENSIONS.join(', ')}`,
      { file: output },
    );
  }
  requireFileName('--output', file, [video]);
  removeLeftovers(path.dirname(file), [path.basename(file)]);
  return file;
}

/** What the results are less than the video, where a part of it could not be read. */
function faultOf(file: string, { summary, reading }: DetectedVideo): InputError | undefined {
  const isWhole = reading.status === 0 && reading.errors.length === 0;
  const reason = isWhole ? 'it has no frames' : complaints(reading);
  if (summary.frames === 0) {
    throw new InputError('video-unreadable', `${file}: cannot be read as a video: ${reason}`, { file });
  }
  if (isWhole) return undefined;
  return new InputError(
    'video-damaged',
    `${file}: the video is damaged: ${reason}; the results are those of the ${pluralize(summary.frames, 'frame')} that could be read`,
    { file, frames: summary.frames },
  );
}
