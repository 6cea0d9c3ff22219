import { memoryColumns, type MemoryComparison, type MemoryResult } from './memory-comparison';
import { describeSetting, describeSizes } from './memory-settings';
import { formNames } from './training-forms';
import type { MemorySetting } from './memory-case';
import { lineChart, seriesColors, type Series } from '../../html/charts';
import { facts, htmlDocument } from '../../html/document';
import { html, type Markup } from '../../html/html';

/** The memory benchmark as one HTML page that needs no other file. The first comparison is of the base. */
export function memoryPage(
  comparisons: readonly MemoryComparison[],
  environment: readonly (readonly [string, string])[],
): string {
  return htmlDocument(
    'The loss inside, the loss outside: memory',
    html`A training step of one detector, with the same weights, pictures and samples, its losses computed in
    several forms; every row of a table is a process of its own. Losses and gradients of all rows were
    compared in the run: they agree.`,
    [
      measures,
      ...comparisons.map((each) => section(each, comparisons[0].setting)),
      html`<h2>Where it ran</h2>`,
      facts(environment),
    ],
  );
}

/** What the columns mean. */
export const measures = html`<h2>What is measured</h2>
  <p>
    <b>Live</b>: bytes of all tensors alive at one moment, each buffer counted once however many tensors share
    it; weights, the optimizer's state and gradients included. It is exact and repeats from run to run.
    <b>Highest</b> is the high-water mark of a step, reached in its forward or its backward;
    <b>at the seam</b> is when the outputs have been returned and the loss function begins;
    <b>passes to the loss function</b>: bytes of these outputs, tensors and arrays; <b>at the losses</b> is
    the end of the forward.
  </p>
  <p>
    <b>Resident peak</b>: the most memory that the process has had from the system (VmHWM), which adds the
    runtime's own, the allocator's slack, and what operations need while they run.
  </p>`;

function section({ setting, results }: MemoryComparison, base: MemorySetting): Markup {
  const best = Math.min(...results.map(({ measurement }) => measurement.liveBytes.highest));
  return html`<section>
    <h2>${describeSetting(setting, base)}</h2>
    <p class="muted">${describeSizes(setting)}</p>
    <div class="scroll">
      <table>
        <tr>
          <th>form</th>
          <th>autograd</th>
          ${memoryColumns.map(({ name }) => html`<th>${name}</th>`)}
          <th>differs by</th>
        </tr>
        ${results.map((result) => row(result, best))}
      </table>
    </div>
    <h3>Live bytes in the course of a step, MB over milliseconds</h3>
    ${legend(results)} ${comparisonCharts(results)}
  </section>`;
}

/** Live bytes in the course of a step, a chart for each autograd. */
export function comparisonCharts(results: readonly MemoryResult[]): Markup {
  const autograds = new Set(results.map(({ memoryCase }) => memoryCase.autograd));
  return html`<div class="charts">${[...autograds].map((autograd) => chart(results, autograd))}</div>`;
}

function row({ memoryCase, measurement, difference }: MemoryResult, best: number): Markup {
  const worst = Math.max(difference.losses, difference.gradients);
  return html`<tr class="${measurement.liveBytes.highest === best ? 'total' : ''}">
    <td>${memoryCase.form}</td>
    <td>${memoryCase.autograd}</td>
    ${memoryColumns.map(({ of }) => html`<td>${of(measurement)}</td>`)}
    <td>${worst === 0 ? '0' : worst.toExponential(0)}</td>
  </tr>`;
}

/** The colors of forms in all charts. */
export const formColors = seriesColors(formNames);

/** Names and colors of the forms that there are. */
export function legend(results: readonly MemoryResult[]): Markup {
  const forms = new Set<string>(results.map(({ memoryCase }) => memoryCase.form));
  const shown = formColors.filter(({ name }) => forms.has(name));
  return html`<ul class="legend">
    ${shown.map(({ name, color }) => html`<li><i style="background: ${color}"></i>${name}</li>`)}
  </ul>`;
}

function chart(results: readonly MemoryResult[], autograd: 'ours' | 'variableGrads'): Markup {
  const series = results
    .filter(({ memoryCase }) => memoryCase.autograd === autograd)
    .map(({ memoryCase, measurement }): Series => ({
      name: memoryCase.form,
      color: formColors.find(({ name }) => name === memoryCase.form)!.color,
      points: measurement.liveBytes.trace.map(({ milliseconds, bytes }) => ({
        x: milliseconds,
        y: bytes / 1e6,
      })),
    }));
  const title =
    autograd === 'ours' ? 'our autograd, which frees as it goes' : 'variableGrads of TensorFlow.js';
  return html`<div class="card">
    <h3>${title}</h3>
    ${lineChart(series, { title, xLabel: 'milliseconds', yLabel: 'MB', size: { width: 560, height: 300 } })}
  </div>`;
}
