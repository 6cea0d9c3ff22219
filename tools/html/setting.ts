import { facts } from './document';
import { html, type Markup } from './html';

/** What a page begins with. */
export interface Headline {
  /** Name and value of the numbers at the top. */
  readonly headline: readonly (readonly [name: string, value: string])[];
  /** What went otherwise than usual, a line each. */
  readonly notes: readonly string[];
}

/** What the numbers of a page come from. */
export interface Setting {
  /** The configuration file. */
  readonly configuration: string;
  readonly environment: readonly (readonly [name: string, value: string])[];
}

/** The numbers at the top, and what there is to say. */
export function headline({ headline: entries, notes }: Headline): Markup {
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
export function setting({ configuration, environment }: Setting): Markup {
  return html`<h2>Configuration and environment</h2>
    <div class="columns">
      <pre tabindex="0">${configuration}</pre>
      <div class="card">${facts(environment)}</div>
    </div>`;
}
