import { facts, htmlDocument } from '../../html/document';
import { groupedBars, type GroupedBar } from '../../html/grouped-bars';
import { html, type Markup } from '../../html/html';
import { detailRows, peakRows, shortNames, titleOf, type FamilyResult, type Rows } from './family-table';
import { comparisonCharts, formColors, legend, measures } from './memory-page';
import type { MemoryResult } from './memory-comparison';

/** The memory of all detectors in all forms, as one HTML page that needs no other file. */
export function familyPage(
  results: readonly FamilyResult[],
  environment: readonly (readonly [string, string])[],
): string {
  return htmlDocument(
    'Losses inside the model, losses outside: memory of a training step',
    html`The same detectors, with the same weights, pictures and samples, their losses computed in the model
    or by a function outside. Each row is a process of its own; losses and gradients of all forms of a
    detector were compared in the run: they agree.`,
    [
      html`<h2>The peak of a step</h2>
        ${legend(results.flatMap(({ comparison }) => comparison.results))}`,
      peakChart(results),
      table(peakRows(results)),
      html`<p class="muted">
        <b>Saved</b>: by losses in the model whose gradients are taken in the forward, of the peak of the
        separated form that takes least. <b>Of what a step adds</b>: the same without what is there between
        steps, weights and the optimizer’s state.
      </p>`,
      measures,
      html`<h2>Everything measured</h2>`,
      table(detailRows(results)),
      html`<h2>What passes to the loss function</h2>`,
      ...results.flatMap((result) => result.comparison.results.flatMap((each) => crossings(result, each))),
      html`<h2>In the course of a step</h2>`,
      ...results.map(
        (result) =>
          html`<h3>${titleOf(result)}: live bytes, MB over milliseconds</h3>
            ${comparisonCharts(result.comparison.results)}`,
      ),
      html`<h2>Where it ran</h2>`,
      facts(environment),
    ],
  );
}

/** Bars of the live bytes at their highest; what is there between steps is pale. */
function peakChart(results: readonly FamilyResult[]): Markup {
  const bars = results.flatMap((result) =>
    result.comparison.results
      .filter(({ memoryCase }) => memoryCase.autograd === 'ours')
      .map(({ memoryCase, measurement: { liveBytes } }): GroupedBar => ({
        group: titleOf(result),
        name: memoryCase.form,
        base: liveBytes.atRest / 1e6,
        value: liveBytes.highest / 1e6,
        color: formColors.find(({ name }) => name === memoryCase.form)!.color,
      })),
  );
  const title = 'Live bytes at their highest, MB; pale: weights and the optimizer’s state';
  return html`<div class="card">
    <h3>${title}</h3>
    ${groupedBars(bars, { title, label: 'MB' })}
  </div>`;
}

function table([head, ...rows]: Rows): Markup {
  return html`<div class="scroll">
    <table>
      <tr>
        ${head.map((cell) => html`<th>${cell}</th>`)}
      </tr>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`;
}

/** What a separated form lets out, in the order of the outputs. */
function crossings(result: FamilyResult, { memoryCase, measurement }: MemoryResult): Markup[] {
  const { crossings: groups } = measurement;
  if (groups === null || memoryCase.autograd !== 'ours') return [];
  const rows = groups.map(({ name, count, shapes, bytes }) => [
    name,
    String(count),
    shapes.map((shape) => `[${shape.join(', ')}]`).join(' .. '),
    bytes.toLocaleString('en'),
  ]);
  return [
    html`<details class="card">
      <summary>${titleOf(result)}: ${shortNames[memoryCase.form]}</summary>
      ${table([['', 'number', 'shape', 'bytes'], ...rows])}
    </details>`,
  ];
}
