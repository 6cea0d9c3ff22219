import { objectsToDraw } from '../../../datasets/drawing/objects-to-draw';
import { overlaySvg, type LabeledBox } from '../../../datasets/drawing/overlay-svg';
import { byId, count, element } from '../../html/elements';
import type { DetectorTraits, FoundInPicture } from '../messages';

/** Shows what was found in a picture: drawn over it as `rcnn detect --output` draws, and as a list. */
export class FoundView {
  private readonly stage = byId('stage', HTMLElement);
  private readonly list = byId('objects', HTMLUListElement);
  private readonly summary = byId('summary', HTMLElement);
  private url: string | undefined;
  private size: FoundInPicture['size'] = { width: 0, height: 0 };
  /** Best first. */
  private objects: readonly LabeledBox[] = [];

  /** A picture in which nothing has been found so far. */
  showPicture(file: File): void {
    if (this.url !== undefined) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(file);
    const picture = element('img', { src: this.url, alt: file.name });
    picture.addEventListener('error', () => picture.remove());
    this.stage.replaceChildren(picture);
    this.objects = [];
    this.list.replaceChildren();
    this.summary.textContent = '';
  }

  showFound(
    { size, detections }: FoundInPicture,
    { categories, layout }: DetectorTraits,
    minScore: number,
  ): void {
    this.size = size;
    this.objects = objectsToDraw(detections, { nameOf: (label) => categories[label - 1], layout });
    this.redraw(minScore);
  }

  /** Shows the objects from another score on. */
  redraw(minScore: number): void {
    const shown = this.objects.filter(({ score }) => score! >= minScore);
    this.stage.querySelector('svg')?.remove();
    // Best on top. What names hold is escaped in it.
    const svg = overlaySvg(this.size, [...shown].reverse());
    this.stage.append(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement);
    this.list.replaceChildren(...shown.map(entry));
    const hidden = this.objects.length - shown.length;
    this.summary.textContent =
      count(shown.length, 'object') + (hidden > 0 ? `, ${hidden} below that score` : '');
  }
}

function entry({ label, score, color }: LabeledBox): HTMLLIElement {
  const swatch = element('span', { className: 'swatch' });
  swatch.style.background = color;
  return element(
    'li',
    {},
    swatch,
    element('span', { text: label }),
    element('span', { className: 'score', text: score!.toFixed(2) }),
  );
}
