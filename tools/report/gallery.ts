import { categoryColor } from '../../datasets/drawing/palette';
import type { LabeledBox } from '../../datasets/drawing/overlay-svg';
import { pluralize } from '../terminal/pluralize';
import type { BoxesToDraw, GalleryImage, ReportData } from './data';
import { categoryLegend, pairFigure } from '../html/figure';
import { html, type Markup } from '../html/html';

/** With more boxes in a picture their captions would hide it: the color tells the category. */
const maxCaptions = 12;

/** Truth and detections of each picture side by side, as boxes over it. */
export function gallery({ gallery: images, categoryNames, scoreThreshold }: ReportData): Markup {
  const drawn = [
    ...new Set(images.flatMap(({ truth, detections }) => [...truth.labels, ...detections.labels])),
  ].sort((a, b) => a - b);
  return html`<h2>Detections and ground truth</h2>
    <p class="muted">
      Pictures that were not trained on, spread evenly over the validation set. Detections with a score of at
      least ${scoreThreshold}.
    </p>
    ${categoryLegend(drawn.map((label) => ({ name: nameOf(categoryNames, label), color: categoryColor(label) })))}
    <div class="gallery">${images.map((image, i) => figure(image, `picture-${i}`, categoryNames))}</div>`;
}

function figure(image: GalleryImage, id: string, names: readonly string[]): Markup {
  const { fileName, truth, detections } = image;
  return pairFigure(
    image,
    id,
    [
      { title: 'truth', boxes: labeled(truth, names) },
      { title: 'detections', boxes: labeled(detections, names) },
    ],
    html`${fileName} &middot; ${pluralize(truth.labels.length, 'object')},
    ${pluralize(detections.labels.length, 'detection')}`,
  );
}

function labeled({ boxes, labels, scores }: BoxesToDraw, names: readonly string[]): LabeledBox[] {
  const crowded = labels.length > maxCaptions;
  return Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]] as const,
    label: crowded ? '' : nameOf(names, label),
    ...(!crowded && scores && { score: scores[k] }),
    color: categoryColor(label),
  }));
}

function nameOf(names: readonly string[], label: number): string {
  return names[label - 1] ?? `category ${label}`;
}
