import { html, type Markup } from './html';

export interface Bar {
  readonly name: string;
  /** Below 0: undefined, shown as a dash. */
  readonly value: number;
  readonly count: number;
}

/** A bar chart that is a table: names of any length, readable aloud, on paper and on a phone. */
export function barTable(
  [nameHead, countHead, valueHead]: readonly [name: string, count: string, value: string],
  bars: readonly Bar[],
): Markup {
  return html`<table class="bars">
    <thead>
      <tr>
        <th scope="col">${nameHead}</th>
        <th scope="col">${countHead}</th>
        <th scope="col">${valueHead}</th>
      </tr>
    </thead>
    <tbody>
      ${bars.map(
        ({ name, value, count }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${count}</td>
            <td>${bar(value, score(value))}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** A bar of a length of 0..1, and the number that it stands for. */
export function bar(length: number, text: string): Markup {
  const percent = Math.round(Math.min(1, Math.max(0, length)) * 100);
  return html`<span class="bar"><i style="width:${percent}%"></i></span><span class="number">${text}</span>`;
}

/** Three decimals, as average precision is given; a dash where it is undefined. */
export function score(value: number): string {
  return value < 0 ? '–' : value.toFixed(3);
}
