import { html, type Markup } from './html';
import { style } from './style';

/** A whole HTML page that needs no other file. Text in any of it is escaped. */
export function htmlDocument(title: string, subtitle: Markup | string, body: readonly Markup[]): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${title}</h1>
            <div class="muted">${subtitle}</div>
          </header>
          ${body}
        </main>
      </body>
    </html> `.text;
}

/** Names and values, a row each: what something ran on, say. */
export function facts(entries: readonly (readonly [name: string, value: string])[]): Markup {
  return html`<table class="facts">
    <tbody>
      ${entries.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
