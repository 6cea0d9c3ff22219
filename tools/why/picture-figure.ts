import sharp from 'sharp';
import { html, Markup } from '../html/html';
import { colorOf } from '../html/palette';
import type { Size } from '../../detection/structures/size';
import type { SampleTable } from '../../detection/events/samples';
import type { Candidate, Corners, ExplainedLevel } from './explanation';

/** The picture, which the page holds once. */
export const PICTURE_ID = 'picture';
/** Of a background candidate, as a share of the picture's shorter side: one that loses nothing, and the one that loses most. */
const [LEAST_RADIUS, MOST_RADIUS] = [0.006, 0.028];
/** Ignored candidates that are drawn on a level, evenly spread over all of them. */
const MAX_IGNORED = 1500;
const HEAT = { r: 229, g: 72, b: 77 };
/** Background of which the head is so sure that it is an object is drawn in a color of its own. */
export const TAKEN_FOR_OBJECT = 0.5;
export const WRONG = '#e5484d';

/** A level as a figure: the dimmed picture, what the head says, and the candidates over it. */
export function levelFigure(
  level: ExplainedLevel,
  size: Size,
  heat: Markup,
  ignored: readonly (readonly [x: number, y: number])[],
  caption: Markup,
): Markup {
  const side = Math.min(size.width, size.height);
  const most = Math.max(...level.candidates.map(lossOf), Number.MIN_VALUE);
  const dots = ignored.map(
    ([x, y]) =>
      html`<circle
        class="ignored"
        cx="${x.toFixed(1)}"
        cy="${y.toFixed(1)}"
        r="${(0.004 * side).toFixed(2)}"
      />`,
  );
  const drawn = level.candidates.map((candidate) =>
    candidate.object === null ? dot(candidate, side, most) : box(candidate, candidate.box),
  );
  return pictureFigure(size, [heat, ...dots, ...drawn], caption);
}

/** The boxes of some candidates over the dimmed picture, or where the head sees their objects. */
export function boxesFigure(
  candidates: readonly Candidate[],
  size: Size,
  caption: Markup,
  shown: 'candidates' | 'predicted' = 'candidates',
): Markup {
  const drawn = candidates.flatMap((candidate) => {
    const corners = shown === 'predicted' ? candidate.predicted : candidate.box;
    return corners ? box(candidate, corners) : [];
  });
  return pictureFigure(size, drawn, caption);
}

function pictureFigure({ width, height }: Size, drawn: readonly Markup[], caption: Markup): Markup {
  return html`<figure class="card">
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="candidates over the picture">
      <use href="#${PICTURE_ID}" class="dim" />
      ${drawn}
    </svg>
    <figcaption>${caption}</figcaption>
  </figure>`;
}

function dot(candidate: Candidate, side: number, most: number): Markup {
  const [x1, y1, x2, y2] = candidate.box;
  // Its area grows with the loss.
  const radius = side * (LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * Math.sqrt(lossOf(candidate) / most));
  return html`<circle
    class="background"
    cx="${((x1 + x2) / 2).toFixed(1)}"
    cy="${((y1 + y2) / 2).toFixed(1)}"
    r="${radius.toFixed(2)}"
    ><title>${describe(candidate)}</title></circle
  >`;
}

function box(candidate: Candidate, corners: Corners): Markup {
  const isBackground = candidate.object === null;
  const isWrong = isBackground && (candidate.score ?? 0) >= TAKEN_FOR_OBJECT;
  const color = isWrong ? WRONG : isBackground ? '#1d2129' : colorOf(candidate.object);
  return html`<rect
    class="candidate"
    ${rectangle(corners)}
    fill="${color}"
    stroke="${color}"
    stroke-width="${isWrong ? 2.5 : isBackground || !candidate.sampled ? 1 : 2}"
    stroke-opacity="${isBackground && !isWrong ? 0.3 : 1}"
    stroke-dasharray="${candidate.sampled ? 'none' : '3 3'}"
    ><title>${describe(candidate)}</title></rect
  >`;
}

/** A box with its number, of an object. */
export function objectBox(corners: Corners, index: number, side: number): Markup {
  const [x, y] = corners;
  const height = 0.055 * side;
  const text = String(index + 1);
  const width = height * (0.5 + 0.55 * text.length);
  const top = Math.max(0, y - height);
  return html`<rect
      ${rectangle(corners)}
      fill="none"
      stroke="${colorOf(index)}"
      stroke-width="${0.008 * side}"
    /><rect x="${x}" y="${top}" width="${width}" height="${height}" fill="${colorOf(index)}" /><text
      x="${x + width / 2}"
      y="${top + 0.78 * height}"
      font-size="${0.8 * height}"
      font-weight="700"
      text-anchor="middle"
      fill="#fff"
      >${text}</text
    >`;
}

function rectangle([x1, y1, x2, y2]: Corners): Markup {
  return html`x="${x1.toFixed(1)}" y="${y1.toFixed(1)}" width="${Math.max(0, x2 - x1).toFixed(1)}"
  height="${Math.max(0, y2 - y1).toFixed(1)}"`;
}

function lossOf({ losses }: Candidate): number {
  return Object.values(losses).reduce((sum, loss) => sum + loss, 0);
}

/** What hovering shows. */
function describe(candidate: Candidate): string {
  const { row, level, object, sampled, losses, score, category, box: corners } = candidate;
  const role = object === null ? 'background' : `positive, object ${object + 1}`;
  const [x1, y1, x2, y2] = corners.map(Math.round);
  const said = score === undefined ? [] : [`the head says: ${category ?? 'object'} ${score.toFixed(3)}`];
  return [
    `${role}${sampled ? '' : ', not sampled'}`,
    ...said,
    ...Object.entries(losses).map(([name, loss]) => `${name} ${loss.toPrecision(3)}`),
    `${x1}, ${y1} – ${x2}, ${y2}`,
    `${level === undefined ? '' : `level ${level + 1}, `}row ${row}`,
  ].join('\n');
}

/** How sure the head is at each place of a level, its surest anchor's score, over the picture. Nothing where it is not known. */
export async function heatOf(
  table: SampleTable,
  first: number,
  level: ExplainedLevel,
  scale: Size,
): Promise<Markup> {
  const { scores, boxes } = table;
  if (!scores || !boxes || !level.map) return new Markup('');
  const { width, height } = level.map;
  const numAnchors = level.total / (width * height);
  const pixels = Buffer.alloc(4 * width * height);
  for (let place = 0; place < width * height; place++) {
    let most = 0;
    for (let a = 0; a < numAnchors; a++) {
      const score = scores[first + place * numAnchors + a];
      if (score > most) most = score;
    }
    pixels.set([HEAT.r, HEAT.g, HEAT.b, Math.round(190 * most)], 4 * place);
  }
  const png = await sharp(pixels, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
  const center = (place: number): [number, number] => {
    const b = 4 * (first + place * numAnchors);
    return [
      ((boxes[b] + boxes[b + 2]) / 2) * scale.width,
      ((boxes[b + 1] + boxes[b + 3]) / 2) * scale.height,
    ];
  };
  const [left, top] = center(0);
  const [right, bottom] = center(width * height - 1);
  const strideX = width > 1 ? (right - left) / (width - 1) : 2 * Math.max(left, 1);
  const strideY = height > 1 ? (bottom - top) / (height - 1) : 2 * Math.max(top, 1);
  return html`<image
    class="heat"
    x="${(left - strideX / 2).toFixed(1)}"
    y="${(top - strideY / 2).toFixed(1)}"
    width="${(strideX * width).toFixed(1)}"
    height="${(strideY * height).toFixed(1)}"
    preserveAspectRatio="none"
    href="data:image/png;base64,${png.toString('base64')}"
  />`;
}

/** The middles of the ignored candidates of a level, in pixels of the picture. */
export function ignoredOf(
  { boxes, matchedGt }: SampleTable,
  first: number,
  { total }: ExplainedLevel,
  scale: Size,
): (readonly [number, number])[] {
  const rows: number[] = [];
  for (let row = first; row < first + total; row++) if (matchedGt?.[row] === -2) rows.push(row);
  const every = Math.ceil(rows.length / MAX_IGNORED);
  return rows
    .filter((_, i) => i % every === 0)
    .map((row) => {
      const [x1, y1, x2, y2] = boxes!.subarray(4 * row, 4 * row + 4);
      return [((x1 + x2) / 2) * scale.width, ((y1 + y2) / 2) * scale.height];
    });
}
