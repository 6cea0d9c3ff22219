/** The weights of the torchvision peer: every number follows from its entry's name, so nobody needs a weights file. */
import * as tf from '@tensorflow/tfjs-core';
import type { Trainable } from '../../detection/nn/trainable';

/** Local: in a test each look at a global costs, and these are called by the ten million. */
const { imul } = Math;

/** Of a convolution's or linear layer's weight: the first pattern that fits, else 1. */
const GAINS: readonly (readonly [RegExp, number])[] = [
  [/^backbone\.body\.\d+\.(block\.\d+\.)?0\.weight$/, 1.3],
  [/^backbone\.fpn\.inner_blocks\./, 0.3],
  [/^backbone\.fpn\.layer_blocks\./, 0.5],
  [/^rpn\.head\.cls_logits\./, 0.5],
  [/^rpn\.head\.bbox_pred\./, 0.1],
  [/^roi_heads\.box_predictor\.cls_score\./, 0.25],
  [/^roi_heads\.box_predictor\.bbox_pred\./, 0.5],
];

/** An entry's value for a uniform number in [0, 1), in double precision with the peer's order of operations. */
type Formula = (u: number) => number;

/** Fills every entry of a model's state dict. */
export function fillWithFormula(
  model: Pick<Trainable<never>, 'namedParameters' | 'namedBuffers'>,
  seed: number,
): void {
  const entries = new Map([...model.namedParameters(), ...model.namedBuffers()]);
  for (const [name, entry] of entries) {
    if (name.endsWith('.num_batches_tracked')) continue; // 0, as it starts
    const shape = entry.shapeOnDisk;
    const formula = formulaOf(name, shape, (other) => entries.has(other));
    const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
    const uniform = mulberry32(fnv1a32(name) ^ seed);
    for (let i = 0; i < values.length; i++) values[i] = formula(uniform());
    tf.tidy(() => entry.fromDisk(tf.tensor(values, shape)));
  }
}

function formulaOf(name: string, shape: readonly number[], exists: (name: string) => boolean): Formula {
  const dot = name.lastIndexOf('.');
  const [owner, leaf] = [name.slice(0, dot), name.slice(dot + 1)];
  if (leaf === 'running_var') return (u) => 0.5 + u;
  if (leaf === 'running_mean') return (u) => (2 * u - 1) * 0.1;
  if (exists(`${owner}.running_mean`)) {
    if (leaf === 'bias') return (u) => (2 * u - 1) * 0.1;
    return isLastOfBlock(owner, exists) ? (u) => 0.2 + 0.2 * u : (u) => 0.7 + 0.6 * u;
  }
  if (leaf === 'bias') return (u) => (2 * u - 1) * 0.05;
  const bound = Math.sqrt(6 / shape.slice(1).reduce((product, side) => product * side, 1));
  const gain = GAINS.find(([pattern]) => pattern.test(name))?.[1] ?? 1;
  return (u) => (2 * u - 1) * bound * gain;
}

/** Whether a normalisation is the last of a residual block: its small weights keep activations from growing. */
function isLastOfBlock(norm: string, exists: (name: string) => boolean): boolean {
  const resnet = /^(.*layer\d+\.\d+\.bn)(\d)$/.exec(norm);
  if (resnet) return !exists(`${resnet[1]}${Number(resnet[2]) + 1}.running_mean`);
  const mobilenet = /^(.*\.block)\.(\d+)\.1$/.exec(norm);
  if (!mobilenet) return false;
  return [1, 2, 3].every((step) => !exists(`${mobilenet[1]}.${Number(mobilenet[2]) + step}.1.running_mean`));
}

function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = imul(hash ^ byte, 0x01000193);
  return hash;
}

/** Uniform numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = imul(state ^ (state >>> 15), state | 1);
    t = (t + imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
