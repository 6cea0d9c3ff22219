import { bar, barTable, score } from '../html/bars';
import { lineChart, seriesColors, type Series } from '../html/charts';
import type { ApRow, EvaluationData, PrecisionCurve } from './data';
import { categoryLegend } from '../html/figure';
import { html, type Markup } from '../html/html';

/** Lines of more categories than this cannot be told apart. */
const maxCategoryLines = 10;

/** The AP table: all categories together, and each; and AP as bars, by size and by category. */
export function averagePrecision({ table, sizes }: EvaluationData): Markup {
  const row = ({ name, numObjects, values }: ApRow, total: boolean): Markup =>
    html`<tr${total ? html` class="total"` : ''}><th scope="row">${name}</th>
<td>${numObjects}</td>${values.map((value, k) => html`<td>${k === 0 ? bar(value, score(value)) : score(value)}</td>`)}</tr>`;
  const bestFirst = table.categories
    .map(({ name, numObjects, values: [value] }) => ({ name, value, count: numObjects }))
    .sort((a, b) => b.value - a.value);
  return html`<h2>Average precision</h2>
    <p class="muted">
      As pycocotools computes it: AP is the mean over overlaps of 0.50 to 0.95, AP50 and AP75 are at one
      overlap; small, medium and large objects are separated at areas of 32² and 96² pixels; AR is the average
      recall with up to 100 detections an image.
    </p>
    <div class="card tall" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">category</th>
            <th scope="col">objects</th>
            ${table.columns.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${row(table.overall, true)}${table.categories.map((category) => row(category, false))}
        </tbody>
      </table>
    </div>
    <div class="columns">
      <div class="card">
        <h3>AP by the size of objects</h3>
        ${barTable(
          ['size', 'objects', 'AP'],
          sizes.map(({ name, numObjects, ap }) => ({ name, value: ap, count: numObjects })),
        )}
      </div>
      <div class="card tall" tabindex="0">
        <h3>AP by category, best first</h3>
        ${barTable(['category', 'objects', 'AP'], bestFirst)}
      </div>
    </div>`;
}

/** Precision over recall, over all categories and of each. */
export function precisionRecall({ overall, perCategory }: EvaluationData): Markup {
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
  const chart = lineChart(series, {
    title: `Precision over recall, ${title}`,
    xLabel: 'recall',
    yLabel: 'precision',
    yDomain: [0, 1],
  });
  return html`<div class="card">
    <h3>${title}</h3>
    ${chart}${categoryLegend(colors)}
  </div>`;
}
