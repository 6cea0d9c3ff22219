import path from 'node:path';
import sharp from 'sharp';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { decodeImage, type DecodedImage } from '../../datasets/images/decode';
import { htmlDocument } from '../html/document';
import { html, Markup } from '../html/html';
import { headline } from '../html/setting';
import { pluralize } from '../terminal/pluralize';
import type { Ranking, Suspect } from './rank-suspects';

/** Suspects that the page shows, the first. */
const NUM_SHOWN = 120;
/** Longer side of a crop, pixels. */
const CROP_SIDE = 240;
/** What a crop shows around a box: so many times its longer side, and at least so much of the picture. */
const SURROUNDINGS = 2.6;
const LEAST_SHARE = 0.18;
const QUALITY = 78;
const [ANNOTATED, SEEN] = ['#e5484d', '#2f9e6e'];

/** What a page says of where it comes from. */
export interface SuspectsPage {
  readonly model: string;
  readonly weights: string;
  readonly draws: number;
  /** With its pictures. */
  readonly set: CocoDataset;
  readonly signal: AbortSignal;
}

const style = new Markup(`<style>
.suspects { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 14px; margin-top: 14px; }
.suspects figure { margin: 0; padding: 8px; }
.suspects svg { display: block; width: 100%; height: auto; border-radius: 6px; }
.suspects figcaption { font-size: 13px; padding-top: 6px; line-height: 1.4; overflow-wrap: anywhere; }
.suspects rect { fill: none; vector-effect: non-scaling-stroke; stroke-width: 2.5; }
.red { color: ${ANNOTATED}; font-weight: 650; } .green { color: ${SEEN}; font-weight: 650; }
</style>`);

/** The page of `rcnn check --weights`: the first suspects as crops. @throws ImageError; the signal's reason */
export async function suspectsPage({ suspects, images }: Ranking, page: SuspectsPage): Promise<string> {
  const { model, weights, draws, set, signal } = page;
  const shown = suspects.slice(0, NUM_SHOWN);
  const figures: Markup[] = [];
  for (const [i, suspect] of shown.entries()) {
    signal.throwIfAborted();
    const file = path.join(set.imageFolder ?? '', suspect.file_name);
    const picture = await decodeImage(file, { upright: true });
    figures.push(await figureOf(suspect, i, picture));
  }
  return htmlDocument(
    `What may be wrong in ${path.basename(set.file)}`,
    html`${model}, ${weights}, ${pluralize(draws, 'draw')} of samples`,
    [
      style,
      headline({
        headline: [
          ['images', String(images.length)],
          ['objects', String(suspects.filter(({ kind }) => kind === 'object').length)],
          ['places like objects', String(suspects.filter(({ kind }) => kind === 'missing').length)],
        ],
        notes: [],
      }),
      html`<p style="margin-top:18px">
        The losses of each object are compared with those of a typical one, and what stands out most counts. A
        place without an object that the detector takes for one is compared with other such places. The first
        ${shown.length}, most suspicious first.
        <span class="red">Red</span>: as annotated. <span class="green">Green</span>: what the detector sees.
      </p>`,
      html`<div class="suspects">${figures}</div>`,
      html`<h2>Images by their losses</h2>
        <div class="card scroll tall">
          <table>
            <thead>
              <tr>
                <th scope="col">image</th>
                <th scope="col">sum of its losses</th>
              </tr>
            </thead>
            <tbody>
              ${images.slice(0, NUM_SHOWN).map(
                ({ file_name, loss }) =>
                  html`<tr>
                    <th scope="row">${file_name}</th>
                    <td>${loss.toFixed(3)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`,
    ],
  );
}

async function figureOf(suspect: Suspect, index: number, { pixels, size }: DecodedImage): Promise<Markup> {
  const { kind, bbox, category, seen, suspicion, because, annotation_id: id, file_name: file } = suspect;
  const [x, y, width, height] = bbox;
  const least = LEAST_SHARE * Math.max(size.width, size.height);
  const side = Math.min(Math.max(SURROUNDINGS * Math.max(width, height), least), size.width, size.height);
  const start = (center: number, limit: number): number =>
    Math.round(Math.min(Math.max(0, center - side / 2), limit - side));
  const [left, top] = [start(x + width / 2, size.width), start(y + height / 2, size.height)];
  const length = Math.max(1, Math.floor(Math.min(side, size.width - left, size.height - top)));
  const jpeg = await sharp(pixels, { raw: { ...size, channels: 3 } })
    .extract({ left, top, width: length, height: length })
    .resize({ width: CROP_SIDE })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  const box = ([bx, by, bw, bh]: readonly number[], color: string): Markup =>
    html`<rect
      x="${bx.toFixed(1)}"
      y="${by.toFixed(1)}"
      width="${bw.toFixed(1)}"
      height="${bh.toFixed(1)}"
      stroke="${color}"
    />`;
  const isObject = kind === 'object';
  return html`<figure class="card">
    <svg viewBox="${left} ${top} ${length} ${length}" role="img" aria-label="${file}: ${category}">
      <image
        x="${left}"
        y="${top}"
        width="${length}"
        height="${length}"
        href="data:image/jpeg;base64,${jpeg.toString('base64')}"
      />
      ${seen ? box(seen.bbox, SEEN) : ''}${isObject ? box(bbox, ANNOTATED) : ''}
    </svg>
    <figcaption>
      <b>${index + 1}.</b>
      ${isObject ? html`<span class="red">${category}</span>` : html`<span class="red">nothing annotated</span>`}${
        seen ? html`, seen: <span class="green">${seen.category} ${seen.score.toFixed(2)}</span>` : ''
      }<br />
      <span class="muted"
        >${suspicion.toFixed(1)} x typical, ${because}<br />${file}${isObject ? `, annotation ${id ?? ''}` : ''}</span
      >
    </figcaption>
  </figure>`;
}
