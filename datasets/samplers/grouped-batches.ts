import type { EpochOrder } from './epoch-order';

/**
 * Batches of images of one group each. As detectron2's AspectRatioGroupedDataset: images wait for others of their
 * group, in the order in which they come, and a batch begins when it is full. What waits at the end of an epoch waits on
 * in the next, so no image comes more or less often than without groups, and with one group alone batches are
 * consecutive pieces of the order.
 */
export class GroupedBatches {
  private readonly numGroups: number;

  /**
   * @param groups the group of each image, from 0
   * @param batchSize images of a batch
   */
  constructor(
    private readonly order: EpochOrder,
    private readonly groups: Int32Array,
    private readonly batchSize: number,
  ) {
    this.numGroups = groups.reduce((largest, group) => Math.max(largest, group), 0) + 1;
  }

  /** The images of each batch by their indices, from batch `start` on, without end. Earlier epochs are not gone through. */
  *from(start: number): Generator<readonly number[], never> {
    let epoch = this.epochOf(start);
    let completed = this.batchesBefore(epoch);
    const waiting = this.waitingBefore(epoch);
    for (; ; epoch++) {
      for (const image of this.order.images(epoch)) {
        const group = this.groups[image];
        waiting[group].push(image);
        if (waiting[group].length < this.batchSize) continue;
        const batch = waiting[group];
        waiting[group] = [];
        if (completed < start) completed++;
        else yield batch;
      }
    }
  }

  /** The images of each group that have come before an epoch. */
  private imagesBefore(epoch: number): number[] {
    const counts = new Array<number>(this.numGroups).fill(0);
    this.groups.forEach((group, image) => (counts[group] += this.order.timesBefore(epoch, image)));
    return counts;
  }

  private batchesBefore(epoch: number): number {
    return this.imagesBefore(epoch).reduce((sum, count) => sum + Math.floor(count / this.batchSize), 0);
  }

  /** The epoch in which a batch becomes full. */
  private epochOf(batch: number): number {
    let after = 1;
    while (this.batchesBefore(after) <= batch) after *= 2;
    let epoch = Math.floor(after / 2);
    while (after - epoch > 1) {
      const middle = Math.floor((epoch + after) / 2);
      if (this.batchesBefore(middle) <= batch) epoch = middle;
      else after = middle;
    }
    return epoch;
  }

  /** What waits in each group when an epoch begins: what came last before it, as far as it fills no batch. */
  private waitingBefore(epoch: number): number[][] {
    const counts = this.imagesBefore(epoch).map((count) => count % this.batchSize);
    const waiting = counts.map((): number[] => []);
    const isMissing = (group: number): boolean => waiting[group].length < counts[group];
    for (let earlier = epoch - 1; counts.some((_, group) => isMissing(group)); earlier--) {
      for (const image of this.order.images(earlier).reverse()) {
        const group = this.groups[image];
        if (isMissing(group)) waiting[group].push(image);
      }
    }
    return waiting.map((images) => images.reverse());
  }
}
