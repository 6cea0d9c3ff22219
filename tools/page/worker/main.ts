/** The thread of the page that detects: the page itself stays free to answer the user. */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { InputError } from '../../../detection/errors';
import type { Detector } from '../../../detection/modeling/detector';
import { batchImages } from '../../../detection/structures/image-batch';
import { BytesInMemory } from '../../../weights/formats/byte-source';
import { parseDetector } from '../../../weights/detectors/parse-detector';
import type { CallMessage, Calls, DetectorTraits, FoundInPicture, ReplyMessage } from '../messages';
import { startBackend } from './backend';
import { decodePicture } from './decode-picture';

/** The page's policy forbids code that is made at run time, which zod would try. */
z.config({ jitless: true });

let detector: Detector | undefined;

const answers: {
  [Name in keyof Calls]: (
    request: Calls[Name]['request'],
  ) => Calls[Name]['reply'] | Promise<Calls[Name]['reply']>;
} = {
  start: ({ runner, wasm }) => startBackend(runner, wasm),
  load: ({ name, bytes }) => load(name, bytes),
  detect: ({ name, file }) => detect(name, file),
};

function load(name: string, bytes: Uint8Array): DetectorTraits {
  const { model, categories } = parseDetector(new BytesInMemory(bytes), name);
  model.prepareForInference();
  detector?.dispose();
  detector = model;
  return {
    model: model.definition.name,
    categories: categories.map((category) => category.name),
    ...(model.keypoints && { layout: { skeleton: model.keypoints.skeleton } }),
  };
}

async function detect(name: string, file: Blob): Promise<FoundInPicture> {
  if (detector === undefined) throw new Error('there is no detector yet');
  const picture = await decodePicture(name, file);
  const start = performance.now();
  const images = batchImages([picture], detector.input);
  try {
    // WebGPU cannot be read otherwise: synchronous reads give zeros there, and nothing is found.
    const [detections] = await detector.detectAsync(images);
    return { size: picture.size, detections, milliseconds: performance.now() - start };
  } finally {
    tf.dispose(images.tensor);
  }
}

async function answer<Name extends keyof Calls>({ id, name, request }: CallMessage<Name>): Promise<void> {
  postMessage(await replyTo());

  async function replyTo(): Promise<ReplyMessage> {
    try {
      return { id, reply: await answers[name](request) };
    } catch (error) {
      return {
        id,
        error: error instanceof InputError ? error.message : `This page has failed: ${String(error)}`,
      };
    }
  }
}

/** One call after the other: a detector is not replaced while it detects. */
let last = Promise.resolve();
addEventListener('message', ({ data }: MessageEvent<CallMessage>) => {
  last = last.then(() => answer(data));
});
