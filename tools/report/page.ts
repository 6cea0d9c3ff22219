import { confusion } from './confusion';
import type { ReportData } from './data';
import { errorKinds } from './errors';
import { gallery } from './gallery';
import { html, type Markup } from './html';
import { averagePrecision, precisionRecall } from './precision';
import { headline, setting } from './setting';
import { style } from './style';
import { trainingCurves } from './training';
import { worstImages } from './worst-images';

/** The report as one HTML page that needs no other file. Everything in `data` may hold markup: it is escaped. */
export function reportPage(data: ReportData): string {
  const { evaluation, worst, losses, scoreThreshold } = data;
  const sections: Markup[] = [];
  if (evaluation) sections.push(averagePrecision(evaluation));
  if (data.gallery.length > 0) sections.push(gallery(data));
  if (evaluation) {
    sections.push(errorKinds(evaluation.errors));
    if (worst.length > 0) sections.push(worstImages(data));
    sections.push(confusion(evaluation.confusion, scoreThreshold), precisionRecall(evaluation));
  }
  if (losses.length > 0) sections.push(trainingCurves(data));
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
