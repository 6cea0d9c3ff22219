import type {
  BootstrapComparison,
  BootstrapDifference,
} from '../../datasets/evaluation/bootstrap/paired-bootstrap';
import { lineChart, runningMedian } from '../html/charts';
import { htmlDocument } from '../html/document';
import { categoryLegend } from '../html/figure';
import { html, Markup } from '../html/html';
import { colorOf } from '../html/palette';
import { headline } from '../html/setting';
import { taskNames } from '../run/tasks';
import {
  isClear,
  signed,
  verdicts,
  type Comparison,
  type PairedCurve,
  type TaskComparison,
} from './comparison';

/** The comparison as one HTML page that needs no other file. */
export function comparisonPage(comparison: Comparison): string {
  const { names, dataset, numImages, tasks, losses, scores } = comparison;
  const [{ iouType, bootstrap }] = tasks;
  const { AP } = bootstrap;
  const [a, b] = names;
  const of = tasks.length === 1 ? '' : `, ${taskNames[iouType]}`;
  const score = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(3));
  const sections = [
    headline({
      headline: [
        [`AP of A${of}`, score(AP.a)],
        [`AP of B${of}`, score(AP.b)],
        ['B − A', signed(AP.difference)],
        ['95 % interval', `${signed(AP.low)} to ${signed(AP.high)}`],
      ],
      notes: verdicts(comparison),
    }),
    ...tasks.map((task) => differences(task, tasks.length === 1 ? '' : ` of ${taskNames[task.iouType]}`)),
  ];
  const charts = [
    ...scores.map((curve) => chart(curve, names, true)),
    ...losses.map((curve) => chart(curve, names, false)),
  ];
  if (charts.length > 0) {
    sections.push(
      html`<h2>Training</h2>
        <p class="muted">Losses: the median of the last 20 iterations.</p>
        <div class="charts">${charts}</div>`,
    );
  }
  if (comparison.settings.length > 0) sections.push(settings(comparison));
  const subtitle = html`A: ${a}<br />B: ${b}<br />${numImages} images of ${dataset}`;
  return htmlDocument('Comparison', subtitle, sections);
}

/** @param of says which task it is, where there are several */
function differences({ bootstrap }: TaskComparison, of: string): Markup {
  const { AP, AP50, AP75, categories, numResamples } = bootstrap;
  const overall = [
    ['AP', AP],
    ['AP50', AP50],
    ['AP75', AP75],
  ] as const;
  const rows = [
    ...overall.map(([name, difference]) => row(name, '', difference, scale(bootstrap), 'total')),
    ...categories.map((category) =>
      row(category.name, String(category.numTruths), category, scale(bootstrap), ''),
    ),
  ];
  return html`<h2>Average precision${of}</h2>
    <p class="muted">
      The interval is the middle 95 % of the differences in ${numResamples} sets of as many images, drawn from
      the data set with replacement (paired bootstrap). Where it leaves out 0, other pictures of the kind
      would show the difference too, and the row is marked; of 20 categories without a difference, one is
      marked by chance. Chance in training is not in it: other seeds give other detectors.
    </p>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">objects</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
            <th scope="col">B − A</th>
            <th scope="col">95 % interval</th>
            <th scope="col">worse | better</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

/** The largest distance from 0 of any end of an interval. */
function scale({ AP, AP50, AP75, categories }: BootstrapComparison): number {
  const ends = [AP, AP50, AP75, ...categories].flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]);
  return Math.max(0.001, ...ends.filter((end) => !Number.isNaN(end)));
}

function row(
  name: string,
  numTruths: string,
  difference: BootstrapDifference,
  limit: number,
  kind: string,
): Markup {
  const { a, b, low, high } = difference;
  const score = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(3));
  const clear = isClear(difference);
  return html`<tr class="${kind}">
    <th scope="row">${name}</th>
    <td>${numTruths}</td>
    <td>${score(a)}</td>
    <td>${score(b)}</td>
    <td>${clear ? html`<b>${signed(difference.difference)}</b>` : signed(difference.difference)}</td>
    <td>${signed(low)} to ${signed(high)}${clear ? ' *' : ''}</td>
    <td>${Number.isNaN(low) ? '' : intervalBar(difference, limit)}</td>
  </tr>`;
}

const BAR = { width: 160, height: 16 } as const;

/** An interval on an axis from -limit to limit, with a mark at the difference. */
function intervalBar({ difference, low, high }: BootstrapDifference, limit: number): Markup {
  const x = (value: number): string => ((BAR.width * (value / limit + 1)) / 2).toFixed(1);
  const color = low > 0 ? 'var(--good)' : high < 0 ? 'var(--bad)' : 'var(--muted)';
  const [middle, end] = [BAR.width / 2, BAR.height];
  return new Markup(
    `<svg width="${BAR.width}" height="${BAR.height}" role="img" aria-label="${signed(low)} to ${signed(high)}">` +
      `<line x1="${middle}" x2="${middle}" y1="0" y2="${end}" stroke="var(--muted)" stroke-opacity="0.5"/>` +
      `<line x1="${x(low)}" x2="${x(high)}" y1="${end / 2}" y2="${end / 2}" stroke="${color}" stroke-width="3"/>` +
      `<circle cx="${x(difference)}" cy="${end / 2}" r="4" fill="${color}"/></svg>`,
  );
}

function chart({ name, a, b }: PairedCurve, names: Comparison['names'], isScore: boolean): Markup {
  const series = [a, b].map((points, i) => ({
    name: `${'AB'[i]}: ${names[i]}`,
    points: isScore ? points : runningMedian(points, 20),
    color: colorOf(i),
  }));
  const options = {
    title: name,
    xLabel: 'iteration',
    yLabel: null,
    ...(isScore && { yDomain: [0, 1] as const }),
  };
  return html`<div class="card">
    <h3>${name}</h3>
    ${lineChart(
      series.filter(({ points }) => points.length > 0),
      options,
    )}${categoryLegend(series)}
  </div>`;
}

function settings({ settings: rows }: Comparison): Markup {
  return html`<h2>Configuration</h2>
    <p class="muted">What the runs have different values of.</p>
    <div class="card scroll">
      <table class="facts">
        <thead>
          <tr>
            <th scope="col">key</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([key, a, b]) =>
              html`<tr>
                <th scope="row">${key}</th>
                <td>${a}</td>
                <td>${b}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
