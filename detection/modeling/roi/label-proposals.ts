import { summary } from '../../events/summary';
import { concatBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Targets } from '../../structures/instances';
import { ignoreBoxesIn } from '../matching/ignore-regions';
import { BETWEEN_THRESHOLDS, type Matcher } from '../matching/matcher';
import type { BalancedSampler } from '../matching/sampler';
import { flags } from '../sample-rows';
import type { Sample } from './box-stage';
import type { RoiTargets } from './fast-rcnn-losses';

const ABOUT =
  'What the stage before proposes, and the objects themselves. A proposal that overlaps an object enough is to find it, the others ' +
  'are background; a random sample of both goes on to the head.';

/** Says of proposals of one image which objects they are: labels are -1 where a proposal is neither object nor background. */
function labelProposals(
  boxes: Boxes,
  { boxes: gtBoxes, labels: gtLabels, ignored }: Targets,
  matcher: Matcher,
): Sample {
  const matches = ignoreBoxesIn(ignored, matcher.match(gtBoxes, boxes), boxes);
  const labelOf = (match: number): number =>
    match >= 0 ? gtLabels[match] : match === BETWEEN_THRESHOLDS ? -1 : 0;
  return {
    boxes,
    labels: Int32Array.from(matches, labelOf),
    matchedGt: matches.map((match) => Math.max(match, -1)),
  };
}

function selectSample({ boxes, labels, matchedGt }: Sample, indices: Int32Array): Sample {
  return {
    boxes: selectBoxes(boxes, indices),
    labels: indices.map((index) => labels[index]),
    matchedGt: indices.map((index) => matchedGt[index]),
  };
}

/**
 * Draws the proposals of one image to train on. The ground truth is proposed as well, so that a young detector has something
 * to learn from.
 *
 * @param image index in the batch
 */
export function sampleProposals(
  proposals: Boxes,
  targets: Targets,
  matcher: Matcher,
  sampler: BalancedSampler,
  image: number,
): Sample {
  const labeled = labelProposals(concatBoxes([proposals, targets.boxes]), targets, matcher);
  const { positives, negatives } = sampler.sample(labeled.labels);
  summary.samples('roi_head/proposals', () => {
    const { boxes, labels, matchedGt } = labeled;
    const matches = matchedGt.map((match, i) => (labels[i] < 0 ? BETWEEN_THRESHOLDS : match));
    const sampled = flags(labels.length, positives, negatives);
    return [{ image, about: ABOUT, boxes, matchedGt: matches, sampled }];
  });
  return selectSample(labeled, Int32Array.from([...positives, ...negatives]).sort());
}

/** All proposals of one image as a sample, but those that are neither object nor background. */
export function labelAll(proposals: Boxes, targets: Targets, matcher: Matcher): Sample {
  const labeled = labelProposals(proposals, targets, matcher);
  return selectSample(
    labeled,
    Int32Array.from(labeled.labels.keys()).filter((proposal) => labeled.labels[proposal] >= 0),
  );
}

/** What a box head should predict for the samples of each image. */
export function roiTargets(samples: readonly Sample[], targets: readonly Targets[]): RoiTargets[] {
  return samples.map(({ boxes, labels, matchedGt }, image) => {
    const positives = Int32Array.from(labels.keys()).filter((roi) => labels[roi] > 0);
    const gtBoxes = selectBoxes(
      targets[image].boxes,
      positives.map((roi) => matchedGt[roi]),
    );
    return { labels, boxes: { references: selectBoxes(boxes, positives), gtBoxes } };
  });
}
