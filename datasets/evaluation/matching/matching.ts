import type { CocoAnnotation } from '../../coco/annotations';
import type { Protocol } from '../parameters';
import type { Regions } from './regions';

/** What became of the detections of one category. Bit t of each number is about IoU threshold t. */
export interface Matches {
  /** Number of detections so far. */
  count: number;
  readonly scores: Float64Array;
  /** Place of the detection among those of its image, best first, from 0. */
  readonly ranks: Int32Array;
  /** By area range: matched to a truth. */
  readonly matched: readonly Uint16Array[];
  /** By area range: neither right nor wrong. */
  readonly ignored: readonly Uint16Array[];
  /** By area range: truths to be found. */
  readonly numTruths: Int32Array;
}

export function emptyMatches(capacity: number, { areas }: Pick<Protocol, 'areas'>): Matches {
  return {
    count: 0,
    scores: new Float64Array(capacity),
    ranks: new Int32Array(capacity),
    matched: areas.map(() => new Uint16Array(capacity)),
    ignored: areas.map(() => new Uint16Array(capacity)),
    numTruths: new Int32Array(areas.length),
  };
}

/**
 * Matches detections to ground truth as pycocotools' evaluateImg: detections choose in the order of their scores,
 * each the best free truth, truths that are ignored (crowds, other areas) only where there is no other.
 */
export class Matcher {
  // Overlaps of at least the smallest threshold, of detection d at candidateStarts[d] .. candidateStarts[d + 1]:
  // most detections have none or one, and only these can match. Also those behind an overlap that is NaN.
  private readonly candidateStarts: number[] = [];
  private readonly candidateTruths: number[] = [];
  private readonly candidateOverlaps: number[] = [];
  /** Of the truths of one image: 1 where ignored in the area range at hand. */
  private truthIgnored = new Uint8Array(0);
  /** Bit t: matched at threshold t. */
  private truthTaken = new Uint16Array(0);

  /** Of each IoU threshold. */
  private readonly smallestOverlaps: readonly number[];
  /** 1 where a truth is neither to be found nor wrong to find, whatever its size. */
  private readonly isIgnored: Uint8Array;

  /** @param isIgnored Which truths are neither to be found nor wrong to find. Default: crowds. */
  constructor(
    private readonly annotations: readonly CocoAnnotation[],
    private readonly regions: Regions,
    private readonly protocol: Pick<Protocol, 'areas' | 'iouThresholds'>,
    isIgnored = ({ isCrowd }: CocoAnnotation): boolean => isCrowd,
  ) {
    // pycocotools lets a perfect overlap pass a threshold of 1.
    this.smallestOverlaps = protocol.iouThresholds.map((threshold) => Math.min(threshold, 1 - 1e-10));
    this.isIgnored = Uint8Array.from(annotations, (annotation) => Number(isIgnored(annotation)));
  }

  /**
   * @param truths Of one image and category, indices into the annotations.
   * @param detections Of the same, best first, not more than count.
   * @param matches The results go here.
   * @param ignoresUnmatched Whether detections that match nothing are not wrong. Default false.
   */
  match(
    truths: Int32Array,
    detections: Int32Array,
    scores: Float64Array,
    matches: Matches,
    ignoresUnmatched = false,
  ): void {
    this.findCandidates(truths, detections);
    const first = matches.count;
    for (let d = 0; d < detections.length; d++) {
      matches.scores[first + d] = scores[detections[d]];
      matches.ranks[first + d] = d;
    }
    for (let area = 0; area < this.protocol.areas.length; area++) {
      matches.numTruths[area] += this.prepareTruths(truths, area);
      for (let d = 0; d < detections.length; d++) {
        this.matchDetection(truths, d, detections[d], area, matches, first + d, ignoresUnmatched);
      }
    }
    matches.count += detections.length;
  }

  private findCandidates(truths: Int32Array, detections: Int32Array): void {
    const overlaps = this.regions.overlaps(detections, truths);
    let count = 0;
    for (let d = 0; d < detections.length; d++) {
      this.candidateStarts[d] = count;
      let smallest = this.smallestOverlaps[0];
      for (let g = 0; g < truths.length; g++) {
        const overlap = overlaps[d * truths.length + g];
        if (overlap < smallest) continue;
        // As in pycocotools: nothing is less than NaN, so any overlap is good enough behind one.
        if (Number.isNaN(overlap)) smallest = NaN;
        this.candidateTruths[count] = g;
        this.candidateOverlaps[count] = overlap;
        count++;
      }
    }
    this.candidateStarts[detections.length] = count;
  }

  /** @returns How many truths are to be found. */
  private prepareTruths(truths: Int32Array, area: number): number {
    const { min, max } = this.protocol.areas[area];
    if (this.truthIgnored.length < truths.length) {
      this.truthIgnored = new Uint8Array(truths.length * 2);
      this.truthTaken = new Uint16Array(truths.length * 2);
    }
    let toFind = 0;
    for (let g = 0; g < truths.length; g++) {
      const truth = this.annotations[truths[g]];
      const isIgnored = this.isIgnored[truths[g]] === 1 || truth.area < min || truth.area > max;
      this.truthIgnored[g] = isIgnored ? 1 : 0;
      this.truthTaken[g] = 0;
      if (!isIgnored) toFind++;
    }
    return toFind;
  }

  private matchDetection(
    truths: Int32Array,
    d: number,
    detection: number,
    area: number,
    matches: Matches,
    place: number,
    ignoresUnmatched: boolean,
  ): void {
    let matched = 0;
    let ignored = 0;
    if (this.candidateStarts[d] < this.candidateStarts[d + 1]) {
      for (let t = 0; t < this.smallestOverlaps.length; t++) {
        let best = this.bestTruth(truths, d, t, 0);
        if (best < 0) best = this.bestTruth(truths, d, t, 1);
        if (best < 0) continue;
        this.truthTaken[best] |= 1 << t;
        ignored |= this.truthIgnored[best] << t;
        // pycocotools stores the id of the match, and takes 0 for none.
        if (this.annotations[truths[best]].id !== 0) matched |= 1 << t;
      }
    }
    const { min, max } = this.protocol.areas[area];
    const size = this.regions.detectionAreas[detection];
    if (ignoresUnmatched || size < min || size > max)
      ignored |= ~matched & (2 ** this.smallestOverlaps.length - 1);
    matches.matched[area][place] = matched;
    matches.ignored[area][place] = ignored;
  }

  /** @returns The free truth of the largest overlap, the last of equals; -1 where none reaches the threshold. */
  private bestTruth(truths: Int32Array, d: number, t: number, ignored: 0 | 1): number {
    let best = -1;
    let bestOverlap = this.smallestOverlaps[t];
    const end = this.candidateStarts[d + 1];
    for (let c = this.candidateStarts[d]; c < end; c++) {
      const g = this.candidateTruths[c];
      if (this.truthIgnored[g] !== ignored || this.candidateOverlaps[c] < bestOverlap) continue;
      if ((this.truthTaken[g] >> t) & 1 && !this.annotations[truths[g]].isCrowd) continue;
      best = g;
      bestOverlap = this.candidateOverlaps[c];
    }
    return best;
  }
}
