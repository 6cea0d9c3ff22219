import { InputError } from '../../detection/errors';
import { BatchMemoryError } from '../../datasets/loader/pixel-buffers';
import { WorkerDeathError } from '../../datasets/loader/worker-death';
import { DownloadError } from '../../weights/published/download';

/**
 * What a user is told of an error: where the library lacks something, with the keys of the configuration that make do with
 * less, and the variables of the environment that say where to find it.
 */
export function messageWithHint(error: Error): string {
  if (error instanceof BatchMemoryError) {
    return `${error.message}. Reduce data.batchSize, model.minSize or model.maxSize`;
  }
  if (error instanceof WorkerDeathError && error.isOutOfFiles) {
    return `${error.message}, or reduce data.workers`;
  }
  if (error instanceof DownloadError && error.code === 'download-unwritable') {
    return `${error.message}. FASTER_RCNN_CACHE names another folder for what is downloaded`;
  }
  if (error instanceof InputError && error.code === 'merge-same-picture') {
    return `${error.message} See --prefix and --join-pictures`;
  }
  return error.message;
}
