/** Entry of the thread that a service's detector runs in: the service's own thread stays free to answer. */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { InputError } from '../../detection/errors';
import { givenModel } from '../config/model-file';
import { messageWithHint } from '../run/loading-hints';
import { openDetector } from '../run/open-detector';
import { AnsweringDetector, type SentPicture } from './answering-detector';
import type { ThreadData, ThreadMessage } from './thread-messages';

// Each picture is read once.
sharp.cache(false);

async function open({ weights, given, ...options }: ThreadData): Promise<AnsweringDetector> {
  const model = given.model === undefined ? undefined : givenModel(given.model);
  const detector = await openDetector(weights, { ...given, model });
  try {
    return new AnsweringDetector(detector, options);
  } catch (error) {
    detector.model.dispose();
    throw error;
  }
}

function say(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

async function run(): Promise<void> {
  let detector: AnsweringDetector;
  try {
    detector = await open(workerData as ThreadData);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { code, facts } = error;
    return say({ kind: 'refusal', code, message: messageWithHint(error), facts });
  }
  say({ kind: 'ready' });
  // The next batch comes after the answer to the last.
  parentPort?.on('message', (pictures: readonly SentPicture[]) => {
    // What is thrown here ends the thread, and the service starts another one.
    void detector.detect(pictures).then((answer) => say({ kind: 'batch', ...answer }));
  });
}

void run();
