/** The weights of the torchvision peer: every number follows from its entry's name, so nobody needs a weights file. */
import * as tf from '@tensorflow/tfjs-core';
import type { Trainable } from '../../detection/nn/trainable';

/** By the first pattern that fits an entry's name. */
type Table = readonly (readonly [RegExp, number])[];

/** Of a convolution's or linear layer's weight; else 1. */
const GAINS: Table = [
  [/^backbone\.body\.\d+\.(block\.\d+\.)?0\.weight$/, 1.3],
  [/^backbone\.fpn\.inner_blocks\./, 0.3],
  [/^backbone\.fpn\.layer_blocks\./, 0.5],
  [/^rpn\.head\.cls_logits\./, 0.5],
  [/^rpn\.head\.bbox_pred\./, 0.1],
  [/^roi_heads\.box_predictor\.cls_score\./, 0.25],
  [/^roi_heads\.box_predictor\.bbox_pred\./, 0.5],
  [/^head\.classification_head\.cls_logits\./, 0.35],
  [/^head\.regression_head\.bbox_reg\./, 0.25],
  [/^head\.regression_head\.bbox_ctrness\./, 0.5],
  [/^head\.classification_head\.module_list\./, 1.5],
  [/^head\.regression_head\.module_list\./, 0.5],
  // The same parts by detectron2's names, which the peer has none of; pictures are bytes there.
  [/^backbone\.bottom_up\.stem\.conv1\.weight$/, 1 / 58],
  [/^backbone\.fpn_lateral\d\./, 0.3],
  [/^backbone\.fpn_output\d\./, 0.5],
  [/^proposal_generator\.rpn_head\.objectness_logits\./, 0.5],
  [/^proposal_generator\.rpn_head\.anchor_deltas\./, 0.1],
  [/^roi_heads\.box_predictor\.\d\.cls_score\./, 0.25],
  // Each head of a cascade leaves the next one boxes that are still in the image.
  [/^roi_heads\.box_predictor\.\d\.bbox_pred\./, 0.1],
];
/** Before these, where the convolutions of a dense head are normalized. */
const GAINS_OF_NORMED_HEADS: Table = [[/^head\.classification_head\.cls_logits\./, 1.1]];
/** Before all, where a head says how central a place is. */
const GAINS_WITH_CENTERNESS: Table = [[/^head\.regression_head\.bbox_reg\./, 1]];

/** Added to a bias: the prior of a focal loss, and distances that a ReLU follows. */
const OFFSETS: Table = [[/^head\.classification_head\.cls_logits\.bias$/, -4.595]];
const OFFSETS_WITH_CENTERNESS: Table = [[/^head\.regression_head\.bbox_reg\.bias$/, 2]];

const NORM_OF_TOWER = /^head\.classification_head\.conv\..*\.weight$/;
const CENTERNESS = 'head.regression_head.bbox_ctrness.weight';

/** An entry's value for a uniform number in [0, 1), in double precision with the peer's order of operations. */
type Formula = (u: number) => number;

/** Fills every entry of a model's state dict. */
export function fillWithFormula(
  model: Pick<Trainable<never>, 'namedParameters' | 'namedBuffers'>,
  seed: number,
): void {
  const entries = new Map(
    [...model.namedParameters(), ...model.namedBuffers()].map(([name, entry]) => [
      name,
      { entry, shape: entry.shapeOnDisk },
    ]),
  );
  const formulas = new Formulas(new Map([...entries].map(([name, { shape }]) => [name, shape])));
  for (const [name, { entry, shape }] of entries) {
    if (name.endsWith('.num_batches_tracked')) continue; // 0, as it starts
    const formula = formulas.of(name);
    const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
    const uniform = mulberry32(fnv1a32(name) ^ seed);
    for (let i = 0; i < values.length; i++) values[i] = formula(uniform());
    tf.tidy(() => entry.fromDisk(tf.tensor(values, shape)));
  }
}

/** What the formulas are of the entries of one model. */
class Formulas {
  private readonly gains: Table;
  private readonly offsets: Table;

  constructor(private readonly shapes: ReadonlyMap<string, readonly number[]>) {
    const isNormed = [...shapes].some(([name, { length }]) => length === 1 && NORM_OF_TOWER.test(name));
    const hasCenterness = shapes.has(CENTERNESS);
    this.gains = [
      ...(hasCenterness ? GAINS_WITH_CENTERNESS : []),
      ...(isNormed ? GAINS_OF_NORMED_HEADS : []),
      ...GAINS,
    ];
    this.offsets = [...(hasCenterness ? OFFSETS_WITH_CENTERNESS : []), ...OFFSETS];
  }

  of(name: string): Formula {
    const dot = name.lastIndexOf('.');
    const [owner, leaf] = [name.slice(0, dot), name.slice(dot + 1)];
    if (leaf === 'running_var') return (u) => 0.5 + u;
    if (leaf === 'running_mean') return (u) => (2 * u - 1) * 0.1;
    if (this.isNorm(owner)) {
      if (leaf === 'bias') return (u) => (2 * u - 1) * 0.1;
      const isLast = isLastOfBlock(owner, (other) => this.isNorm(other));
      return isLast ? (u) => 0.2 + 0.2 * u : (u) => 0.7 + 0.6 * u;
    }
    if (leaf === 'bias') {
      const offset = firstOf(this.offsets, name, 0);
      return (u) => (2 * u - 1) * 0.05 + offset;
    }
    const shape = this.shapes.get(name)!;
    const bound = Math.sqrt(6 / shape.slice(1).reduce((product, side) => product * side, 1));
    const gain = firstOf(this.gains, name, 1);
    return (u) => (2 * u - 1) * bound * gain;
  }

  private isNorm(owner: string): boolean {
    return this.shapes.has(`${owner}.running_mean`) || this.shapes.get(`${owner}.weight`)?.length === 1;
  }
}

function firstOf(table: Table, name: string, otherwise: number): number {
  return table.find(([pattern]) => pattern.test(name))?.[1] ?? otherwise;
}

/** Whether a normalization is the last of a residual block: its small weights keep activations from growing. */
function isLastOfBlock(norm: string, isNorm: (module: string) => boolean): boolean {
  const resnet = /^(.*layer\d+\.\d+\.bn)(\d)$/.exec(norm);
  if (resnet) return !isNorm(`${resnet[1]}${Number(resnet[2]) + 1}`);
  const detectron2 = /^(.*\.res\d\.\d+\.conv)(\d)\.norm$/.exec(norm);
  if (detectron2) return !isNorm(`${detectron2[1]}${Number(detectron2[2]) + 1}.norm`);
  const mobilenet = /^(.*\.block)\.(\d+)\.1$/.exec(norm);
  if (!mobilenet) return false;
  return [1, 2, 3].every((step) => !isNorm(`${mobilenet[1]}.${Number(mobilenet[2]) + step}.1`));
}

function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** Uniform numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
