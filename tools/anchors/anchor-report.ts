import { tableName, textTable } from '../../datasets/text-table';
import { pluralize } from '../terminal/pluralize';
import { sizesAssignment, type AnchorSizes } from './anchor-sizes';
import { COVERED_OVERLAP, SHARE_OVERLAPS, type Coverage, type CoverageTable } from './coverage';
import type { ObjectSource } from './resized-objects';

/** What there is to say of how anchors cover a data set's boxes. */
export interface AnchorReport {
  readonly model: string;
  readonly annotations: string;
  /** How large pictures are made, in words. */
  readonly pictures: string;
  readonly numImages: number;
  readonly table: CoverageTable;
  readonly worst: readonly WorstBox[];
  /** Boxes with a side that is shorter than the finest anchors are apart. */
  readonly belowStep: { readonly boxes: number; readonly step: number } | undefined;
  readonly sizes: SizesReport;
}

/** A box that is hardly covered. */
export interface WorstBox {
  readonly source: ObjectSource;
  readonly category: string;
  readonly overlap: number;
  /** Pixels of the resized image. */
  readonly width: number;
  readonly height: number;
}

/** What has come of looking for better sizes; `none`: the model's anchors do not go by sizes. */
export type SizesReport =
  | { readonly kind: 'none' }
  | { readonly kind: 'good'; readonly present: AnchorSizes }
  | {
      readonly kind: 'better';
      readonly present: AnchorSizes;
      readonly proposed: AnchorSizes;
      readonly table: CoverageTable;
    };

type NamedCoverage = readonly [name: string, coverage: Coverage];
type Section = readonly [title: string, rows: readonly NamedCoverage[]];

const HEAD = ['boxes', 'coverage', 'mean', ...SHARE_OVERLAPS.map((least) => `>= ${least}`)];
/** Shares that are compared: from this one of SHARE_OVERLAPS on. */
const FIRST_COMPARED = 2;
const COMPARED_HEAD = ['coverage', ...SHARE_OVERLAPS.slice(FIRST_COMPARED).map((least) => `>= ${least}`)];

/** For a terminal; names are as files have them, but for what would break a line. */
export function formatAnchorReport({
  model,
  annotations,
  pictures,
  numImages,
  table,
  worst,
  belowStep,
  sizes,
}: AnchorReport): string {
  const amount = `${pluralize(numImages, 'image')}, ${pluralize(table.all.boxes, 'box', 'boxes')}`;
  return [
    `${model} on ${tableName(annotations)}: ${amount}; ${pictures}`,
    '',
    'mean: mean of the best overlap of each box with an anchor. >= 0.5: share of the boxes whose best overlap is at least 0.5.',
    `coverage: the mean with overlaps capped at ${COVERED_OVERLAP}, relative to that value; 100% if every box has such an anchor.`,
    '',
    ...sectionTable(sectionsOf(table), HEAD, ({ boxes, coverage, meanOverlap, shares }) => [
      String(boxes),
      percent(coverage),
      meanOverlap.toFixed(3),
      ...shares.map(percent),
    ]),
    '',
    'least covered:',
    ...worst.map((box) => `  ${worstLine(box)}`),
    ...(belowStep === undefined ? [] : ['', belowStepLine(belowStep)]),
    ...formatSizes(sizes, table),
  ].join('\n');
}

function belowStepLine({ boxes, step }: { readonly boxes: number; readonly step: number }): string {
  const have = `${pluralize(boxes, 'box has', 'boxes have')} a side`;
  return `${have} below ${shown(step)} pixels, the spacing of the finest anchors; larger pictures (--min-size) would help.`;
}

function formatSizes(sizes: SizesReport, table: CoverageTable): string[] {
  switch (sizes.kind) {
    case 'none':
      return [];
    case 'good':
      return [
        '',
        `No sizes were found that cover these boxes noticeably better than ${JSON.stringify(sizes.present)}.`,
      ];
    case 'better': {
      const proposed = sectionsOf(sizes.table).map(([, rows]) => rows.map(([, coverage]) => coverage));
      const head = ['boxes', ...COMPARED_HEAD.flatMap((name) => [name, 'proposed'])];
      const compared = ({ coverage, shares }: Coverage): string[] =>
        [coverage, ...shares.slice(FIRST_COMPARED)].map(percent);
      return [
        '',
        `sizes now:      ${JSON.stringify(sizes.present)}`,
        `sizes proposed: ${JSON.stringify(sizes.proposed)}`,
        '',
        ...sectionTable(sectionsOf(table), head, (now, section, row) => {
          const then = compared(proposed[section][row]);
          return [String(now.boxes), ...compared(now).flatMap((cell, k) => [cell, then[k]])];
        }),
      ];
    }
  }
}

function sectionsOf({ all, bySize, byArea, byAspectRatio, byCategory }: CoverageTable): Section[] {
  const range = (from: number, to: number): string =>
    to === Infinity ? `${shown(from)} and more` : `${shown(from)} to ${shown(to)}`;
  return [
    ['', [['all boxes', all]]],
    ['size, resized', bySize.map((row) => [range(row.from, row.to), row])],
    ['area, stored', byArea.map((row) => [row.name, row])],
    ['height / width', byAspectRatio.map((row) => [range(row.from, row.to), row])],
    ['category', byCategory.map((row) => [tableName(row.name), row])],
  ];
}

function sectionTable(
  sections: readonly Section[],
  head: readonly string[],
  cells: (coverage: Coverage, section: number, row: number) => readonly string[],
): string[] {
  const rows = sections.flatMap(([title, named], section) => {
    const indent = title === '' ? '' : '  ';
    return [
      ...(title === '' ? [] : [[title, ...head.map(() => '')]]),
      ...named.map(([name, coverage], row) => [indent + name, ...cells(coverage, section, row)]),
    ];
  });
  return textTable([['', ...head], ...rows]).map((line) => line.trimEnd());
}

function worstLine({ source, category, overlap, width, height }: WorstBox): string {
  const { image, annotation } = source;
  const file = image.fileName === '' ? '' : ` (${tableName(image.fileName)})`;
  const size = `${width.toFixed(1)} x ${height.toFixed(1)} pixels`;
  return `${overlap.toFixed(3)}  image ${image.id}${file}, annotation ${annotation.id}: ${tableName(category)}, ${size}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function shown(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** As a file of JSON holds it. */
export function anchorReportJson({
  model,
  annotations,
  pictures,
  numImages,
  table,
  worst,
  belowStep,
  sizes,
}: AnchorReport): object {
  return {
    model,
    annotations,
    pictures,
    images: numImages,
    coverage: tableJson(table),
    worst: worst.map(({ source, category, overlap, width, height }) => ({
      image_id: source.image.id,
      annotation_id: source.annotation.id,
      category,
      width,
      height,
      overlap,
    })),
    belowStep: belowStep ?? null,
    sizes: sizes.kind === 'none' ? null : sizes.present,
    proposal:
      sizes.kind === 'better'
        ? { sizes: sizes.proposed, set: sizesAssignment(sizes.proposed), coverage: tableJson(sizes.table) }
        : null,
  };
}

function tableJson({ all, bySize, byArea, byAspectRatio, byCategory }: CoverageTable): object {
  const interval = ({ from, to, ...row }: CoverageTable['bySize'][number]): object => ({
    from,
    to: to === Infinity ? null : to,
    ...rowJson(row),
  });
  return {
    all: rowJson(all),
    bySize: bySize.map(interval),
    byArea: byArea.map(({ name, ...row }) => ({ name, ...rowJson(row) })),
    byAspectRatio: byAspectRatio.map(interval),
    byCategory: byCategory.map(({ categoryId, name, ...row }) => ({
      category_id: categoryId,
      name,
      ...rowJson(row),
    })),
  };
}

function rowJson({ boxes, coverage, meanOverlap, shares }: Coverage): object {
  const reached = Object.fromEntries(SHARE_OVERLAPS.map((least, k) => [String(least), shares[k]]));
  return { boxes, coverage, meanOverlap, shares: reached };
}
