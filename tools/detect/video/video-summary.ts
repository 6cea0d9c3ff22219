import type { CategoryMap } from '../../../datasets/coco/categories/category-map';
import type { Detections } from '../../../detection/structures/instances';
import { pluralize } from '../../terminal/pluralize';
import { terminalLine } from '../../terminal/terminal-text';

/** Counts what is found in a video, for people. */
export class VideoSummary {
  private numFrames = 0;
  private numSearched = 0;
  /** By label. */
  private readonly seen = new Map<number, { frames: number; most: number }>();

  /** To be called for each frame. */
  addFrame(): void {
    this.numFrames++;
  }

  /** To be called for each frame in which objects have been looked for. */
  addDetections({ labels }: Detections): void {
    this.numSearched++;
    const counts = new Map<number, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const [label, count] of counts) {
      const { frames, most } = this.seen.get(label) ?? { frames: 0, most: 0 };
      this.seen.set(label, { frames: frames + 1, most: Math.max(most, count) });
    }
  }

  /** A line for the video, and one for each category: in how many frames it was found, and how many of it at once. */
  text(file: string, categories: CategoryMap): string {
    const searched = this.numSearched < this.numFrames ? `, ${this.numSearched} of them looked at` : '';
    const lines = [...this.seen]
      .sort(([, a], [, b]) => b.frames - a.frames)
      .map(([label, { frames, most }]) => {
        const name = terminalLine(categories.nameOf(label));
        return `  in ${pluralize(frames, 'frame')}, up to ${most} at once  ${name}\n`;
      });
    return `${terminalLine(file)}: ${pluralize(this.numFrames, 'frame')}${searched}\n${lines.join('')}`;
  }

  /** How many frames there have been. */
  get frames(): number {
    return this.numFrames;
  }
}
