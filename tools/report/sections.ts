import { lineChart, noisyLineChart, seriesColors, type Series } from './charts';
import type { ApRow, PrecisionCurve, ReportData } from './data';
import { categoryLegend } from './gallery';
import { html, type Markup } from './html';
import { colorOf } from './palette';

const chartSize = { width: 400, height: 230 } as const;

/** Lines of more categories than this cannot be told apart. */
const maxCategoryLines = 10;

/** The numbers at the top. */
export function headline({ headline: entries }: ReportData): Markup {
  return html`<dl class="headline">
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A chart per loss, the learning rate, and the evaluations during the run. */
export function curves({ losses, learningRate, scores }: ReportData): Markup {
  const charts = losses.map((each) => {
    const chart = noisyLineChart(
      { ...each, color: 'var(--accent)' },
      { ...chartSize, xLabel: 'iteration', yLabel: null },
    );
    return html`<div class="card">
      <h3>${each.name}</h3>
      ${chart}
    </div>`;
  });
  const rate = lineChart([{ ...learningRate, color: 'var(--accent)' }], {
    ...chartSize,
    xLabel: 'iteration',
    yLabel: null,
  });
  charts.push(
    html`<div class="card">
      <h3>${learningRate.name}</h3>
      ${rate}
    </div>`,
  );
  if (scores.some(({ points }) => points.length > 1)) {
    const colored = scores.map((each, i) => ({ ...each, color: colorOf(i) }));
    const chart = lineChart(colored, { ...chartSize, xLabel: 'iteration', yLabel: null, yDomain: [0, 1] });
    charts.push(
      html`<div class="card">
        <h3>evaluations</h3>
        ${chart}${categoryLegend(colored)}
      </div>`,
    );
  }
  return html`<h2>Training</h2>
    <p class="muted">Losses: each iteration in pale, the median of the last 20 in full color.</p>
    <div class="charts">${charts}</div>`;
}

/** The AP table: all categories together, and each. */
export function apTable({ table }: NonNullable<ReportData['evaluation']>): Markup {
  const row = (
    { name, values }: ApRow,
    total: boolean,
  ): Markup => html`<tr${total ? html` class="total"` : ''}><td>${name}</td>
${values.map((value, k) => html`<td>${k === 0 ? bar(value) : ''}${score(value)}</td>`)}</tr>`;
  return html`<h2>Average precision</h2>
    <p class="muted">
      As pycocotools computes it: AP is the mean over overlaps of 0.50 to 0.95, AP50 and AP75 are at one
      overlap; small, medium and large objects part at areas of 32² and 96² pixels; AR is the average recall
      with up to 100 detections an image.
    </p>
    <div class="card scroll">
      <table>
        <thead>
          <tr>
            <th></th>
            ${table.columns.map((name) => html`<th>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${row(table.overall, true)}${table.categories.map((category) => row(category, false))}
        </tbody>
      </table>
    </div>`;
}

/** Precision over recall, over all categories and of each. */
export function precisionRecall({ overall, perCategory }: NonNullable<ReportData['evaluation']>): Markup {
  const cards = [precisionChart('mean over categories, by overlap', overall)];
  if (perCategory.length <= maxCategoryLines)
    cards.push(precisionChart('by category, at an overlap of 0.50', perCategory));
  return html`<h2>Precision and recall</h2>
    <p class="muted">
      What share of the detections is right, while the score threshold falls until that share of the objects
      is found.
    </p>
    <div class="charts">${cards}</div>`;
}

function precisionChart(title: string, precisionCurves: readonly PrecisionCurve[]): Markup {
  const colors = seriesColors(precisionCurves.map(({ name }) => name));
  const series = precisionCurves.map(({ name, precision }, i): Series => {
    const points = precision.map((y, k) => ({ x: k / (precision.length - 1), y })).filter(({ y }) => y >= 0);
    return { name, color: colors[i].color, points };
  });
  const chart = lineChart(series, { ...chartSize, xLabel: 'recall', yLabel: 'precision', yDomain: [0, 1] });
  return html`<div class="card">
    <h3>${title}</h3>
    ${chart}${categoryLegend(colors)}
  </div>`;
}

/** The configuration file, and what it ran on. */
export function setting({ configuration, environment }: ReportData): Markup {
  return html`<h2>Configuration and environment</h2>
    <div class="columns">
      <pre>${configuration}</pre>
      <div class="card">
        <table class="facts">
          <tbody>
            ${environment.map(
              ([name, value]) =>
                html`<tr>
                  <td>${name}</td>
                  <td>${value}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </div>`;
}

function score(value: number): string {
  return value < 0 ? '–' : value.toFixed(3);
}

function bar(value: number): Markup {
  return html`<span class="bar"><i style="width:${Math.round(Math.max(0, value) * 100)}%"></i></span>`;
}
