import type { RandomStream } from '../../detection/nn/random';

/** Images that stay together; mostly one. */
export interface ImageGroup {
  /** Number of images. */
  readonly images: number;
  /** Number of images that have a label, by label. An image without objects has a label for that. */
  readonly labels: ReadonlyMap<number, number>;
}

/** Sums of shares differ by rounding errors of this size. */
const EPSILON = 1e-9;

/**
 * Distributes images over parts so that each part gets its share of each label: iterative stratification (Sechidis,
 * Tsoumakas, Vlahavas: On the stratification of multi-label data, 2011). The label with the fewest images left is
 * distributed first, since the common ones can still be balanced afterwards; each image goes to the part that lacks most of
 * the label, then to the one that lacks most images, then to any.
 *
 * @param groups in an order that means nothing: the stream decides on it.
 * @param shares of the parts; they add up to 1.
 * @returns the part of each group.
 */
export function stratify(
  groups: readonly ImageGroup[],
  shares: readonly number[],
  stream: RandomStream,
): Int32Array {
  const parts = new Int32Array(groups.length).fill(-1);
  // Large groups first: the small ones even out what they leave.
  const order = [...stream.sample(Int32Array.from(groups.keys()), groups.length)].sort(
    (a, b) => groups[b].images - groups[a].images,
  );
  const total = groups.reduce((sum, { images }) => sum + images, 0);
  const lacking = shares.map((share) => share * total);
  const labels = labelQueues(groups, order, shares);
  for (let rarest = rarestOf(labels); rarest !== undefined; rarest = rarestOf(labels)) {
    for (const group of rarest.groups) {
      if (parts[group] !== -1) continue;
      const part = neediest([rarest.lacking, lacking], stream);
      parts[group] = part;
      lacking[part] -= groups[group].images;
      for (const [label, images] of groups[group].labels) {
        const queue = labels.get(label)!;
        queue.left -= images;
        queue.lacking[part] -= images;
      }
    }
  }
  return parts;
}

/** What is left to do of a label. */
interface LabelQueue {
  /** Groups that have the label, in the order in which they are distributed. */
  readonly groups: readonly number[];
  /** Images with the label that have no part yet. */
  left: number;
  /** Images with the label that each part should still get. */
  readonly lacking: number[];
}

function labelQueues(
  groups: readonly ImageGroup[],
  order: readonly number[],
  shares: readonly number[],
): Map<number, LabelQueue> {
  const members = new Map<number, number[]>();
  for (const group of order) {
    for (const label of groups[group].labels.keys()) {
      const known = members.get(label);
      if (known) known.push(group);
      else members.set(label, [group]);
    }
  }
  return new Map(
    [...members].map(([label, ofLabel]) => {
      const left = ofLabel.reduce((sum, group) => sum + groups[group].labels.get(label)!, 0);
      return [label, { groups: ofLabel, left, lacking: shares.map((share) => share * left) }];
    }),
  );
}

/** Of labels that are equally rare, the one of the lowest number. */
function rarestOf(labels: ReadonlyMap<number, LabelQueue>): LabelQueue | undefined {
  let rarest: [number, LabelQueue] | undefined;
  for (const [label, queue] of labels) {
    if (queue.left === 0) continue;
    const isRarer =
      rarest === undefined ||
      queue.left < rarest[1].left ||
      (queue.left === rarest[1].left && label < rarest[0]);
    if (isRarer) rarest = [label, queue];
  }
  return rarest?.[1];
}

/** The part that lacks most by the first count; among equals by the next; among those any. */
function neediest(counts: readonly (readonly number[])[], stream: RandomStream): number {
  let candidates = [...counts[0].keys()];
  for (const lacking of counts) {
    const most = Math.max(...candidates.map((part) => lacking[part]));
    candidates = candidates.filter((part) => lacking[part] > most - EPSILON);
  }
  return stream.pick(candidates);
}
