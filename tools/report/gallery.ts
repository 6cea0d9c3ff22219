import { categoryColour, overlaySvg } from '../../datasets/drawing/overlay-svg';
import type { BoxesToDraw, GalleryImage, ReportData } from './data';
import { html, Markup } from './html';

/** With more boxes in a picture their captions would hide it: the color tells the category. */
const maxCaptions = 12;

/** Truth and detections of each picture side by side, as boxes over it. */
export function gallery({ gallery: images, categoryNames, scoreThreshold }: ReportData): Markup {
  const drawn = [
    ...new Set(images.flatMap(({ truth, detections }) => [...truth.labels, ...detections.labels])),
  ].sort((a, b) => a - b);
  return html`<h2>Detections beside the truth</h2>
    <p class="muted">
      Pictures that were not trained on. Detections with a score of at least ${scoreThreshold}.
    </p>
    ${categoryLegend(drawn.map((label) => ({ name: nameOf(categoryNames, label), color: categoryColour(label) })))}
    <div class="gallery">${images.map((image, i) => figure(image, `picture-${i}`, categoryNames))}</div>`;
}

/** Names with a swatch of their color. */
export function categoryLegend(entries: readonly { name: string; color: string }[]): Markup {
  return html`<ul class="legend">
    ${entries.map(({ name, color }) => html`<li><i style="background:${color}"></i>${name}</li>`)}
  </ul>`;
}

function figure(image: GalleryImage, id: string, names: readonly string[]): Markup {
  const { width, height, truth, detections, jpeg } = image;
  const viewBox = `0 0 ${width} ${height}`;
  // The picture is embedded once; the second panel refers to it.
  return html`<figure class="card">
    <div class="pair">
      <div>
        <span>truth</span
        ><svg viewBox="${viewBox}" role="img" aria-label="truth">
          <image
            id="${id}"
            width="${width}"
            height="${height}"
            href="data:image/jpeg;base64,${jpeg.toString('base64')}"
          />
          ${overlay(image, truth, names)}
        </svg>
      </div>
      <div>
        <span>detections</span
        ><svg viewBox="${viewBox}" role="img" aria-label="detections">
          <use href="#${id}" />
          ${overlay(image, detections, names)}
        </svg>
      </div>
    </div>
    <figcaption>
      ${image.fileName} &middot; ${truth.labels.length} objects, ${detections.labels.length} detections
    </figcaption>
  </figure>`;
}

/** Boxes to lie over a picture; the best drawn last, on top. */
function overlay({ width, height }: GalleryImage, found: BoxesToDraw, names: readonly string[]): Markup {
  const { boxes, labels, scores } = found;
  const crowded = labels.length > maxCaptions;
  const labelled = Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]] as const,
    label: crowded ? '' : nameOf(names, label),
    score: crowded ? undefined : scores?.[k],
    colour: categoryColour(label),
  }));
  return new Markup(overlaySvg({ width, height }, labelled.reverse()));
}

function nameOf(names: readonly string[], label: number): string {
  return names[label - 1] ?? `category ${label}`;
}
