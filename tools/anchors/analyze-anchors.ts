import type { CocoDataset } from '../../datasets/coco/annotations';
import type { ModelDefinition } from '../../detection/modeling/detector';
import type { SettingValues } from '../../detection/modeling/settings';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { AnchorReport, SizesReport, WorstBox } from './anchor-report';
import { anchorSizesOf, withAnchorSizes } from './anchor-sizes';
import { finestStep } from './anchor-step';
import { bestOverlaps, type AnchorsOf } from './best-overlaps';
import { coverageTable, worstCovered, type CoverageTable } from './coverage';
import { proposeSizes } from './propose-sizes';
import { resizedObjects, type ResizedObjects } from './resized-objects';

export interface AnchorQuestion {
  /** At least one object among its images. */
  readonly dataset: CocoDataset;
  /** Has anchors. */
  readonly definition: ModelDefinition;
  /** The model's, all of them. */
  readonly settings: SettingValues;
  readonly input: InputSpec;
  /** Shorter sides that pictures get, of an input that is resized by them. */
  readonly minSizes: readonly number[];
  /** Told how many of the boxes have been looked at. */
  readonly onOverlaps?: (done: number, total: number) => void;
  /** Told how many sizes have been tried. */
  readonly onSizes?: (done: number, total: number) => void;
}

/** Boxes that are listed one by one. */
const NUM_WORST = 5;
/** Of coverage: less is not worth other anchors than everybody's, and than pretrained weights are used to. */
const LEAST_GAIN = 0.01;

/** Finds out how well a model's anchors cover the boxes of a data set, and which sizes would do better. */
export function analyzeAnchors(question: AnchorQuestion): AnchorReport {
  const { dataset, definition, settings, input, minSizes, onOverlaps } = question;
  const objects = resizedObjects(dataset, input, minSizes);
  const anchorsOf = anchorsWith(definition, settings);
  const overlaps = bestOverlaps(objects, anchorsOf, (done) => onOverlaps?.(done, objects.sources.length));
  const table = coverageTable(dataset, objects, overlaps);
  return {
    model: definition.name,
    annotations: dataset.file,
    pictures: describePictures(input, minSizes),
    numImages: dataset.images.length,
    table,
    worst: worstCovered(overlaps, NUM_WORST).map((i) => worstBox(dataset, objects, i, overlaps[i])),
    belowStep: boxesBelowStep(objects, anchorsOf),
    sizes: betterSizes(question, objects, table),
  };
}

function anchorsWith(definition: ModelDefinition, settings: SettingValues): AnchorsOf {
  return (padded) => definition.anchors?.(padded, settings) ?? [];
}

function describePictures({ resize }: InputSpec, minSizes: readonly number[]): string {
  if (resize.kind === 'fixed') return `pictures of ${resize.width} x ${resize.height} pixels`;
  const sides = `shorter side${minSizes.length === 1 ? '' : 's'} ${minSizes.join(', ')}`;
  return `${sides} pixels, longer at most ${resize.maxSize}`;
}

function worstBox(
  dataset: CocoDataset,
  { boxes, sources }: ResizedObjects,
  i: number,
  overlap: number,
): WorstBox {
  const source = sources[i];
  return {
    source,
    category: dataset.categoryOf(dataset.labelOf(source.annotation.categoryId)).name,
    overlap,
    width: boxes[4 * i + 2] - boxes[4 * i],
    height: boxes[4 * i + 3] - boxes[4 * i + 1],
  };
}

function boxesBelowStep({ boxes, groups }: ResizedObjects, anchorsOf: AnchorsOf): AnchorReport['belowStep'] {
  const step = finestStep(anchorsOf(groups[0].padded));
  if (step === undefined) return undefined;
  let count = 0;
  for (let b = 0; b < boxes.length; b += 4) {
    if (Math.min(boxes[b + 2] - boxes[b], boxes[b + 3] - boxes[b + 1]) < step) count++;
  }
  return count === 0 ? undefined : { boxes: count, step };
}

function betterSizes(
  { dataset, definition, settings, onSizes }: AnchorQuestion,
  objects: ResizedObjects,
  now: CoverageTable,
): SizesReport {
  const present = anchorSizesOf(settings);
  if (present === undefined) return { kind: 'none' };
  const proposed = proposeSizes({
    objects,
    present,
    anchorsWith: (sizes) => anchorsWith(definition, withAnchorSizes(settings, sizes)),
    onProgress: onSizes,
  });
  const overlaps = bestOverlaps(objects, anchorsWith(definition, withAnchorSizes(settings, proposed)));
  const table = coverageTable(dataset, objects, overlaps);
  if (table.all.coverage < now.all.coverage + LEAST_GAIN) return { kind: 'good', present };
  return { kind: 'better', present, proposed, table };
}
