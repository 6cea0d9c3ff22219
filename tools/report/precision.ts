import { bar, barTable, score } from '../html/bars';
import { lineChart, seriesColors, type Series } from '../html/charts';
import type { ApRow, PrecisionCurve, TaskScores } from './data';
import { categoryLegend } from '../html/figure';
import { html, type Markup } from '../html/html';
import { taskNames } from '../run/tasks';

/** Lines of more categories than this cannot be told apart. */
const maxCategoryLines = 10;

const overlaps: Readonly<Record<TaskScores['iouType'], string>> = {
  bbox: 'AP is the mean over overlaps of 0.50 to 0.95, AP50 and AP75 are at one overlap',
  segm: 'the overlap is that of the masks, pixel by pixel, and AP is the mean over overlaps of 0.50 to 0.95',
  keypoints:
    'in place of an overlap it takes OKS, the similarity of an object’s keypoints to the true ones, 1 where all ' +
    'are in their places, and AP is the mean over OKS of 0.50 to 0.95',
};

/** A heading that says which task it is of, where there are several. */
function headingOf(heading: string, iouType: TaskScores['iouType'], tasks: readonly TaskScores[]): string {
  return tasks.length === 1 ? heading : `${heading} of ${taskNames[iouType]}`;
}

/** The AP table of each task: all categories together, and each; and AP as bars, by size and by category. */
export function averagePrecision(tasks: readonly TaskScores[]): Markup[] {
  return tasks.map((task) => tableOf(task, headingOf('Average precision', task.iouType, tasks)));
}

function tableOf({ iouType, table, sizes }: TaskScores, heading: string): Markup {
  const row = ({ name, numObjects, values }: ApRow, total: boolean): Markup =>
    html`<tr${total ? html` class="total"` : ''}><th scope="row">${name}</th>
<td>${numObjects}</td>${values.map((value, k) => html`<td>${k === 0 ? bar(value, score(value)) : score(value)}</td>`)}</tr>`;
  const bestFirst = table.categories
    .map(({ name, numObjects, values: [value] }) => ({ name, value, count: numObjects }))
    .sort((a, b) => b.value - a.value);
  return html`<h2>${heading}</h2>
    <p class="muted">
      As pycocotools computes it: ${overlaps[iouType]}; small, medium and large objects are separated at areas
      of 32² and 96² pixels; AR is the average recall with up to ${iouType === 'keypoints' ? 20 : 100}
      detections an image.
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

/** Precision over recall of each task, over all categories and of each. */
export function precisionRecall(tasks: readonly TaskScores[]): Markup {
  const cards = tasks.flatMap(({ iouType, overall, perCategory }) => {
    const measure = iouType === 'keypoints' ? 'OKS' : 'overlap';
    const ofTask = tasks.length === 1 ? '' : `${taskNames[iouType]}: `;
    const mean = precisionChart(`${ofTask}mean over categories, by ${measure}`, overall);
    if (perCategory.length > maxCategoryLines) return [mean];
    const at = iouType === 'keypoints' ? 'an OKS of 0.50' : 'an overlap of 0.50';
    return [mean, precisionChart(`${ofTask}by category, at ${at}`, perCategory)];
  });
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
