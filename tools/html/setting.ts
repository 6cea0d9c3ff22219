import type { ReportData } from '../report/data';
import { facts } from './document';
import { html, type Markup } from './html';

/** The numbers at the top, and what there is to say. */
export function headline({ headline: entries, notes }: ReportData): Markup {
  return html`<dl class="headline">
      ${entries.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${
      notes.length === 0
        ? ''
        : html`<ul class="notes">
            ${notes.map((note) => html`<li>${note}</li>`)}
          </ul>`
    }`;
}

/** The configuration file, and what it ran on. */
export function setting({
  configuration,
  environment,
}: Pick<ReportData, 'configuration' | 'environment'>): Markup {
  return html`<h2>Configuration and environment</h2>
    <div class="columns">
      <pre tabindex="0">${configuration}</pre>
      <div class="card">${facts(environment)}</div>
    </div>`;
}
