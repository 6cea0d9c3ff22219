import type { Confusion } from './data';
import { html, type Markup } from '../html/html';

/** A grid of more categories cannot be read. */
const maxGridCategories = 20;
/** Lines of the lists that stand for it. */
const maxPairs = 20;
const maxCategories = 10;

const BACKGROUND = 0;

/** What objects are taken for: a grid, or the most frequent confusions where there are many categories. */
export function confusion(data: Confusion, scoreThreshold: number): Markup {
  const isGrid = data.names.length <= maxGridCategories;
  return html`<h2>Confusion matrix</h2>
    <p class="muted">
      Detections with a score of at least ${scoreThreshold}. Each takes, the best first, the object that it
      overlaps most, whatever its category, if the overlap reaches ${data.minIou} (as FiftyOne does without
      classwise matching). ${isGrid ? 'The color goes by the share of the row.' : ''}
    </p>
    ${isGrid ? grid(data) : lists(data)}`;
}

function grid({ matrix, names }: Confusion): Markup {
  // The background comes last, as usual.
  const labels = [...names.map((_, k) => k + 1), BACKGROUND];
  const row = (truth: number): Markup => {
    const total = labels.reduce((sum, detected) => sum + matrix.at(truth, detected), 0);
    const cells = labels.map((detected) => {
      const count = matrix.at(truth, detected);
      // No object at all is neither missed nor found.
      if (truth === BACKGROUND && detected === BACKGROUND) return html`<td></td>`;
      const tone = truth === detected ? 'right' : 'wrong';
      const strength = Math.round((count / Math.max(1, total)) * 60);
      return html`<td class="${count === 0 ? 'zero' : tone}" style="--strength:${strength}%">${count}</td>`;
    });
    const name = truth === BACKGROUND ? 'no object' : names[truth - 1];
    return html`<tr>
      <th scope="row">${name}</th>
      ${cells}
    </tr>`;
  };
  return html`<div class="card scroll" tabindex="0">
    <table class="confusion">
      <caption>
        Rows: ground truth. Columns: detections.
      </caption>
      <thead>
        <tr>
          <td></td>
          ${names.map((name) => html`<th scope="col"><span>${name}</span></th>`)}
          <th scope="col"><span>not detected</span></th>
        </tr>
      </thead>
      <tbody>
        ${labels.map(row)}
      </tbody>
    </table>
  </div>`;
}

interface Pair {
  readonly truth: number;
  readonly detected: number;
  readonly count: number;
}

function lists({ matrix, names }: Confusion): Markup {
  const labels = names.map((_, k) => k + 1);
  const all = [BACKGROUND, ...labels];
  const pairs = all
    .flatMap((truth) => all.map((detected): Pair => ({ truth, detected, count: matrix.at(truth, detected) })))
    .filter(({ truth, detected, count }) => truth !== detected && count > 0)
    .sort((a, b) => b.count - a.count);
  const nameOf = (label: number): string => names[label - 1];
  const objects = (truth: number): number =>
    all.reduce((sum, detected) => sum + matrix.at(truth, detected), 0);
  const found = (detected: number): number => all.reduce((sum, truth) => sum + matrix.at(truth, detected), 0);
  const confused = pairs.filter(({ truth, detected }) => truth !== BACKGROUND && detected !== BACKGROUND);
  const missed = pairs.filter(({ detected }) => detected === BACKGROUND);
  const invented = pairs.filter(({ truth }) => truth === BACKGROUND);
  return html`<div class="columns">
    ${list(
      'Objects taken for others',
      ['object', 'detected as', 'times', 'of its objects'],
      confused
        .slice(0, maxPairs)
        .map(({ truth, detected, count }) => [nameOf(truth), nameOf(detected), count, objects(truth)]),
    )}
    ${list(
      'Objects not detected',
      ['object', 'times', 'of its objects'],
      missed.slice(0, maxCategories).map(({ truth, count }) => [nameOf(truth), count, objects(truth)]),
    )}
    ${list(
      'Detections where no object is',
      ['detected as', 'times', 'of its detections'],
      invented
        .slice(0, maxCategories)
        .map(({ detected, count }) => [nameOf(detected), count, found(detected)]),
    )}
  </div>`;
}

/** @param rows texts, then a count and what it is a part of */
function list(
  title: string,
  head: readonly string[],
  rows: readonly (readonly [...names: string[], count: number, total: number])[],
): Markup {
  const line = (row: (typeof rows)[number]): Markup => {
    const [count, total] = row.slice(-2).map(Number);
    return html`<tr>
      ${row.slice(0, -2).map((name) => html`<td>${name}</td>`)}
      <td>${count}</td>
      <td>${((count / total) * 100).toFixed(1)} %</td>
    </tr>`;
  };
  return html`<div class="card scroll" tabindex="0">
    <h3>${title}</h3>
    ${
      rows.length === 0
        ? html`<p class="muted">none</p>`
        : html`<table class="list">
            <thead>
              <tr>
                ${head.map((name) => html`<th scope="col">${name}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${rows.map(line)}
            </tbody>
          </table>`
    }
  </div>`;
}
