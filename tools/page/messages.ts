/** What the page and the thread that detects say to each other. */
import type { Detections } from '../../detection/structures/instances';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import type { Size } from '../../detection/structures/size';

/** What runs a detector in a browser. */
export type Runner = 'webgpu' | 'wasm';

/** The binaries of TensorFlow.js's WebAssembly backend, by their names. */
export type WasmFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** What a page tells of a detector. */
export interface DetectorTraits {
  readonly model: string;
  /** By label - 1. */
  readonly categories: readonly string[];
  /** Of its keypoints, where it finds some. */
  readonly layout?: Pick<KeypointLayout, 'skeleton'>;
}

/** What was found in a picture, in its pixels, best first. */
export interface FoundInPicture {
  /** Of the picture, upright. */
  readonly size: Size;
  readonly detections: Detections;
  /** Of the detection alone. */
  readonly milliseconds: number;
}

/** What the page asks for, by name, and what it gets. */
export interface Calls {
  /** To be asked first, once. Replies with what runs now, in words. */
  start: { readonly request: { readonly runner: Runner; readonly wasm: WasmFiles }; readonly reply: string };
  /** A detector from a safetensors file; it replaces the one before. */
  load: {
    readonly request: { readonly name: string; readonly bytes: Uint8Array };
    readonly reply: DetectorTraits;
  };
  detect: {
    readonly request: { readonly name: string; readonly file: Blob };
    readonly reply: FoundInPicture;
  };
}

export interface CallMessage<Name extends keyof Calls = keyof Calls> {
  readonly id: number;
  readonly name: Name;
  readonly request: Calls[Name]['request'];
}

/** `error` is a sentence for the user. */
export type ReplyMessage = { readonly id: number } & (
  { readonly reply: Calls[keyof Calls]['reply'] } | { readonly error: string }
);
