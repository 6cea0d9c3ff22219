import type { ReportData } from './data';
import { gallery } from './gallery';
import { html, type Markup } from './html';
import { apTable, curves, headline, precisionRecall, setting } from './sections';
import { style } from './style';

/** The report as one HTML page that needs no other file. Everything in `data` may hold markup: it is escaped. */
export function reportPage(data: ReportData): string {
  const sections: Markup[] = [];
  if (data.evaluation) sections.push(apTable(data.evaluation));
  if (data.gallery.length > 0) sections.push(gallery(data));
  if (data.evaluation) sections.push(precisionRecall(data.evaluation));
  if (data.losses.length > 0) sections.push(curves(data));
  sections.push(setting(data));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${data.title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${data.title}</h1>
            <div class="muted">${data.subtitle}</div>
          </header>
          ${headline(data)} ${sections}
        </main>
      </body>
    </html> `.text;
}
