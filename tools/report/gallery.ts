import type { LabeledBox } from '../../datasets/drawing/overlay-svg';
import { pluralize } from '../terminal/pluralize';
import type { GalleryImage, ReportData } from './data';
import { categoryLegend, pairFigure } from '../html/figure';
import { html, type Markup } from '../html/html';

/** With more boxes in a picture their captions would hide it: the color tells the category. */
const maxCaptions = 12;

/** Truth and detections of each picture side by side, as boxes, masks and keypoints over it. */
export function gallery({ gallery: images, categoryNames, scoreThreshold }: ReportData): Markup {
  const drawn = images.flatMap(({ truth, detections }) => [...truth, ...detections]);
  const colors = new Map(drawn.map(({ label, color }) => [`${color} ${label}`, { name: label, color }]));
  const legend = [...colors.values()].sort(
    (a, b) => categoryNames.indexOf(a.name) - categoryNames.indexOf(b.name),
  );
  return html`<h2>Detections and ground truth</h2>
    <p class="muted">
      Pictures that were not trained on, spread evenly over the validation set. Detections with a score of at
      least ${scoreThreshold}.
    </p>
    ${categoryLegend(legend)}
    <div class="gallery">${images.map((image, i) => figure(image, `picture-${i}`))}</div>`;
}

function figure(image: GalleryImage, id: string): Markup {
  const { fileName, truth, detections } = image;
  return pairFigure(
    image,
    id,
    [
      { title: 'truth', boxes: captioned(truth) },
      { title: 'detections', boxes: captioned(detections) },
    ],
    html`${fileName} &middot; ${pluralize(truth.length, 'object')},
    ${pluralize(detections.length, 'detection')}`,
  );
}

function captioned(boxes: readonly LabeledBox[]): readonly LabeledBox[] {
  if (boxes.length <= maxCaptions) return boxes;
  return boxes.map((each) => ({ ...each, label: '', score: undefined }));
}
