import { ERROR_KINDS, type ErrorKind } from '../../datasets/evaluation/errors/error-kinds';
import { bar, score } from '../html/bars';
import type { Errors } from './data';
import { swatch } from '../html/figure';
import { html, type Markup } from '../html/html';
import { verdictColors } from '../html/verdict-colors';

const meanings: Readonly<Record<ErrorKind, string>> = {
  classification: 'the right place, but the wrong category',
  localization: 'the right category, but an overlap of 0.1 to 0.5 only',
  both: 'an overlap of 0.1 to 0.5, and the wrong category',
  duplicate: 'an object that a better detection has found already',
  background: 'no object there: an overlap of less than 0.1',
  missed: 'an object that no detection finds, not even a corrected one',
};

/** What each kind of error costs, as TIDE tells them. */
export function errorKinds({ ap, kinds, falsePositives, falseNegatives }: Errors): Markup {
  const largest = Math.max(...kinds.map(({ cost }) => cost), falsePositives, falseNegatives, Number.EPSILON);
  const cost = (value: number): Markup => html`<td>${bar(value / largest, signed(value))}</td>`;
  const ordered = ERROR_KINDS.flatMap((kind) => kinds.filter((entry) => entry.kind === kind));
  return html`<h2>Kinds of errors</h2>
    <p class="muted">
      In the manner of TIDE (Bolya et al., 2020; the numbers of its package tidecv): by how much AP at an
      overlap of 0.5 (${score(ap)}) would rise if all errors of one kind, and nothing else, were corrected.
      Detections of every score count, since AP goes by their order. A category that is detected but has no
      objects counts with an AP of 0 here.
    </p>
    <div class="card scroll" tabindex="0">
      <table class="errors">
        <thead>
          <tr>
            <th scope="col">error</th>
            <th scope="col">number</th>
            <th scope="col">costs AP50</th>
            <th scope="col">what it is</th>
          </tr>
        </thead>
        <tbody>
          ${ordered.map(
            ({ kind, count, cost: value }) =>
              html`<tr>
                <th scope="row">${swatch(verdictColors[kind])}${kind}</th>
                <td>${count}</td>
                ${cost(value)}
                <td>${meanings[kind]}</td>
              </tr>`,
          )}
          <tr class="total">
            <th scope="row">false positives</th>
            <td></td>
            ${cost(falsePositives)}
            <td>all wrong detections, if none had a higher score than a right one</td>
          </tr>
          <tr class="total">
            <th scope="row">false negatives</th>
            <td></td>
            ${cost(falseNegatives)}
            <td>all objects that are not found, if they were none</td>
          </tr>
        </tbody>
      </table>
    </div>`;
}

/** A change of AP; rounding and equal scores can make it a little less than 0. */
function signed(value: number): string {
  const text = value.toFixed(3);
  return text === '-0.000' ? '0.000' : text;
}
