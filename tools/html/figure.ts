import { overlaySvg, type LabeledBox } from '../../datasets/drawing/overlay-svg';
import { html, Markup } from './html';

/** A picture that the page embeds. */
export interface Picture {
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  /** The encoded picture. */
  readonly jpeg: Buffer;
}

interface Panel {
  readonly title: string;
  /** The best first. */
  readonly boxes: readonly LabeledBox[];
}

/** A picture twice, side by side, with boxes over it; embedded once. */
export function pairFigure(
  { fileName, width, height, jpeg }: Picture,
  id: string,
  [first, second]: readonly [Panel, Panel],
  caption: Markup,
): Markup {
  const viewBox = `0 0 ${width} ${height}`;
  // The best are drawn last, on top.
  const overlay = ({ boxes }: Panel): Markup =>
    new Markup(overlaySvg({ width, height }, [...boxes].reverse()));
  const describe = ({ title, boxes }: Panel): string =>
    `${fileName}: ${title}, ${boxes.length} ${boxes.length === 1 ? 'box' : 'boxes'}`;
  return html`<figure class="card">
    <div class="pair">
      <div>
        <span>${first.title}</span
        ><svg viewBox="${viewBox}" role="img" aria-label="${describe(first)}">
          <image
            id="${id}"
            width="${width}"
            height="${height}"
            href="data:image/jpeg;base64,${jpeg.toString('base64')}"
          />
          ${overlay(first)}
        </svg>
      </div>
      <div>
        <span>${second.title}</span
        ><svg viewBox="${viewBox}" role="img" aria-label="${describe(second)}">
          <use href="#${id}" />
          ${overlay(second)}
        </svg>
      </div>
    </div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}

/** Names with a swatch of their color. */
export function categoryLegend(entries: readonly { name: string; color: string }[]): Markup {
  return html`<ul class="legend">
    ${entries.map(({ name, color }) => html`<li>${swatch(color)}${name}</li>`)}
  </ul>`;
}

export function swatch(color: string): Markup {
  return html`<i class="swatch" style="background:${color}"></i>`;
}
