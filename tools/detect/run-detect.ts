import { InputError } from '../../detection/errors';
import type { OpenedDetector } from '../../weights/onnx/opened-detector';
import type { DetectJob, DetectResult } from './detect-job';
import { findPictures } from './find-pictures';
import { runPictures } from './run-pictures';
import { runVideo } from './run-video';
import { isVideoName } from './video/video-names';

/**
 * Does what `rcnn detect` is asked for.
 *
 * @param open opens the detector, after it has been made sure that everything else is as it should be. It is disposed of here.
 * @throws InputError where something is not; Interrupted where the user stops it.
 */
export async function runDetect(job: DetectJob, open: () => Promise<OpenedDetector>): Promise<DetectResult> {
  const inputs = job.paths.flatMap((given) => findPictures(given, { recursive: job.recursive === true }));
  const video = inputs.find(({ name }) => isVideoName(name))?.file;
  if (video !== undefined && inputs.length > 1) {
    throw new InputError(
      'video-alone',
      `${video}: is a video; give it alone, without other videos or pictures`,
      { file: video },
    );
  }
  if (video !== undefined && job.share) {
    throw new InputError(
      'options-conflict',
      '--shard is for pictures; a video has one frame after the other',
    );
  }
  if (video !== undefined) return runVideo(video, job, open);
  if (job.every !== undefined) throw new InputError('options-conflict', '--every is for videos');
  return runPictures(inputs, job, open);
}
