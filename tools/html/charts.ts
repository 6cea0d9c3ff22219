import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { medianOf } from '../../detection/events/median';
import type { Size } from '../../detection/structures/size';
import { Markup } from './html';
import { colorOf } from './palette';

/** A named series of points. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly color: string;
}

export interface ChartOptions {
  /** What a reader who does not see it is told. */
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string | null;
  /** Ends of the y axis; by default it starts at 0 and fits the data. */
  readonly yDomain?: readonly [number, number];
  /** In pixels; by default 400 x 230, so that three stand side by side. */
  readonly size?: Size;
}

const defaultSize: Size = { width: 400, height: 230 };

/** Points of a chart that is 400 pixels wide: more only make the file larger. */
const maxPoints = 600;
/** Few points may not look like a line. */
const maxDots = 12;

/** Each step pale, over it the running median of 20 that detectron2's console prints; and the validations. */
export function lossChart(training: Series, validation: Series, options: ChartOptions): Markup {
  const smooth = thin(runningMedian(training.points, 20));
  return draw(options, [
    Plot.lineY(thin(training.points), {
      x: 'x',
      y: 'y',
      stroke: training.color,
      strokeOpacity: 0.25,
      strokeWidth: 1,
    }),
    Plot.lineY(smooth, { x: 'x', y: 'y', stroke: training.color, strokeWidth: 2 }),
    ...line(validation),
  ]);
}

/** One line per series, with dots where the points are few. */
export function lineChart(series: readonly Series[], options: ChartOptions): Markup {
  return draw(options, series.flatMap(line));
}

function line({ points, color }: Series): Plot.Markish[] {
  return [
    Plot.lineY(thin(points), { x: 'x', y: 'y', stroke: color, strokeWidth: 2 }),
    ...(points.length <= maxDots ? [Plot.dot(points, { x: 'x', y: 'y', fill: color, r: 3 })] : []),
  ];
}

/** The series' names and colors. */
export function seriesColors(names: readonly string[]): { name: string; color: string }[] {
  return names.map((name, i) => ({ name, color: colorOf(i) }));
}

function draw(options: ChartOptions, marks: Plot.Markish[]): Markup {
  const { document } = parseHTML('<html><body></body></html>');
  const chart = Plot.plot({
    document,
    ...(options.size ?? defaultSize),
    ariaLabel: options.title,
    marginLeft: 48,
    marginBottom: 36,
    style: { background: 'none', fontFamily: 'inherit', fontSize: '11px' },
    x: { label: options.xLabel, ticks: 5, tickFormat },
    y: options.yDomain
      ? { label: options.yLabel, grid: true, ticks: 5, domain: options.yDomain }
      : { label: options.yLabel, grid: true, ticks: 5, zero: true, nice: true, tickFormat },
    marks: [Plot.ruleY([0], { strokeOpacity: 0.4 }), ...marks],
  });
  chart.setAttribute('role', 'img');
  return new Markup(chart.outerHTML);
}

/** Short enough for the margin, also of learning rates. */
function tickFormat(value: number): string {
  const rounded = Number(value.toPrecision(6));
  return rounded !== 0 && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}

type Points = Series['points'];

/** Each point's value replaced by the median of the last `window`. */
export function runningMedian(points: Points, window: number): Points {
  return points.map(({ x }, i) => {
    const values = points.slice(Math.max(0, i + 1 - window), i + 1).map(({ y }) => y);
    return { x, y: medianOf(values) };
  });
}

/** Evenly spread points, with the last one. */
function thin(points: Points): Points {
  const step = Math.ceil(points.length / maxPoints);
  return points.filter((_, i) => i % step === 0 || i === points.length - 1);
}
