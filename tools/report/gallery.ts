import type { Boxes } from '../../detection/structures/boxes';
import type { GalleryImage, ReportData } from './data';
import { html, type Markup } from './html';
import { colorOf } from './palette';

/** With more boxes in a picture their captions would hide it: the color tells the category, hovering the rest. */
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
    ${categoryLegend(drawn.map((label) => ({ name: nameOf(categoryNames, label), color: colorOf(label - 1) })))}
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
  const truthCaptions = Array.from(truth.labels, (label) => nameOf(names, label));
  const captions = Array.from(
    detections.labels,
    (label, k) => `${nameOf(names, label)} ${detections.scores[k]!.toFixed(2)}`,
  );
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
          ${boxes(truth.boxes, truth.labels, truthCaptions, width)}
        </svg>
      </div>
      <div>
        <span>detections</span
        ><svg viewBox="${viewBox}" role="img" aria-label="detections">
          <use href="#${id}" />
          ${boxes(detections.boxes, detections.labels, captions, width)}
        </svg>
      </div>
    </div>
    <figcaption>
      ${image.fileName} &middot; ${truth.labels.length} objects, ${detections.labels.length} detections
    </figcaption>
  </figure>`;
}

/** Outlines in the category's color; the best drawn last. Sizes go by the picture's width, as all are shown equally wide. */
function boxes(flat: Boxes, labels: Int32Array, captions: readonly string[], pictureWidth: number): Markup[] {
  const line = pictureWidth / 160;
  const font = pictureWidth / 32;
  const crowded = captions.length > maxCaptions;
  const shapes = captions.map((caption, k) => {
    const x1 = flat[4 * k]!;
    const y1 = flat[4 * k + 1]!;
    const x2 = flat[4 * k + 2]!;
    const y2 = flat[4 * k + 3]!;
    const color = colorOf(labels[k]! - 1);
    // Inside the box where there is no room above it.
    const baseline = y1 > font * 1.2 ? y1 - font * 0.3 : y1 + font;
    const text = crowded
      ? ''
      : html`<text
          x="${round(x1 + line)}"
          y="${round(baseline)}"
          font-size="${round(font)}"
          font-weight="600"
          fill="#fff"
          stroke="#000"
          stroke-width="${round(font / 5)}"
          stroke-linejoin="round"
          paint-order="stroke"
          >${caption}</text
        >`;
    return html`<g
      ><title>${caption}</title
      ><rect
        x="${round(x1)}"
        y="${round(y1)}"
        width="${round(x2 - x1)}"
        height="${round(y2 - y1)}"
        fill="transparent"
        stroke="${color}"
        stroke-width="${round(line)}"
      />${text}</g
    >`;
  });
  return shapes.reverse();
}

function nameOf(names: readonly string[], label: number): string {
  return names[label - 1] ?? `category ${label}`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
