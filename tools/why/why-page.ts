import type { SampleTable } from '../../detection/events/samples';
import type { Size } from '../../detection/structures/size';
import { bar } from '../html/bars';
import { htmlDocument } from '../html/document';
import { html, Markup } from '../html/html';
import { colorOf } from '../html/palette';
import { headline } from '../html/setting';
import type { ExplainedObject, ExplainedTable, Explanation } from './explanation';
import {
  boxesFigure,
  heatOf,
  ignoredOf,
  levelFigure,
  objectBox,
  PICTURE_ID,
  TAKEN_FOR_OBJECT,
  WRONG,
} from './picture-figure';
import { whyStyle } from './why-style';

/** What the page shows. */
export interface WhyPage {
  readonly explanation: Explanation;
  /** Of the picture, by name: all candidates. */
  readonly tables: ReadonlyMap<string, SampleTable>;
  readonly jpeg: Buffer;
  readonly model: string;
  readonly weights: string;
  readonly seed: number;
}

/** The page of `rcnn why`: whole, without any other file. */
export async function whyPage(page: WhyPage): Promise<string> {
  const { explanation, model, weights, seed } = page;
  const { losses } = explanation;
  const names = Object.keys(losses);
  const total = names.reduce((sum, name) => sum + losses[name], 0);
  const sections: Markup[] = [];
  for (const [index, table] of explanation.tables.entries()) {
    sections.push(await tableSection(table, `${index + 1}. ${table.name}`, page));
  }
  return htmlDocument(
    `Why ${explanation.file} has a loss of ${number(total)}`,
    html`${model}, ${weights}, samples of seed ${seed}`,
    [
      whyStyle,
      headline({
        headline: [['total', number(total)], ...names.map((name) => [name, number(losses[name])] as const)],
        notes: [],
      }),
      html`<div class="first why">
        <figure class="card" style="margin:0">${picture(page)}</figure>
        <div>
          <h3>The model computes its own losses</h3>
          <p>
            In training, a detector decides inside of its own forward pass which candidates are to find which
            object, draws some of them, and computes its losses from these alone. This page shows each of
            these decisions for one picture, as the model itself reports them. What the candidates lose adds
            up to the losses above.
          </p>
          <p class="muted">
            Colored numbers are the annotated objects. Point at anything to read its numbers. The losses are
            those of a training step with these weights, at the detector’s own size of
            ${explanation.resized.width} x ${explanation.resized.height} pixels.
          </p>
        </div>
      </div>`,
      shareSection(explanation, names),
      ...sections,
    ],
  );
}

function picture({ explanation: { size, objects }, jpeg }: WhyPage): Markup {
  return html`<svg
    viewBox="0 0 ${size.width} ${size.height}"
    role="img"
    aria-label="the picture with its objects"
  >
    <image
      id="${PICTURE_ID}"
      width="${size.width}"
      height="${size.height}"
      href="data:image/jpeg;base64,${jpeg.toString('base64')}"
    />
    ${objects.map(({ box }, i) => objectBox(box!, i, Math.min(size.width, size.height)))}
  </svg>`;
}

function shareSection({ objects, background, losses }: Explanation, names: readonly string[]): Markup {
  const most = Object.fromEntries(
    names.map((name) => [
      name,
      Math.max(...[...objects, background].map((each) => each.losses[name]), 1e-12),
    ]),
  );
  const row = (each: ExplainedObject, title: Markup): Markup =>
    html`<tr>
      <th scope="row">${title}</th>
      ${names.map((name) => {
        const value = each.losses[name];
        return value > 0
          ? html`<td>${bar(value / most[name], number(value))}</td>`
          : html`<td class="none">–</td>`;
      })}
    </tr>`;
  return html`<h2>Which object costs what</h2>
    <p>
      Every candidate that enters a loss belongs to one object or to the background. These are the sums: an
      object with a long bar is one that the detector gets wrong, or whose annotation is.
    </p>
    <div class="card scroll">
      <table class="shares">
        <thead>
          <tr>
            <th scope="col">object</th>
            ${names.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${objects.map((each, i) =>
            row(
              each,
              html`<span class="tag" style="background:${colorOf(i)}">${i + 1}</span>${each.category ?? ''}`,
            ),
          )}
          ${row(background, html`background`)}
          <tr class="total">
            <th scope="row">all</th>
            ${names.map((name) => html`<td>${number(losses[name])}</td>`)}
          </tr>
        </tbody>
      </table>
    </div>`;
}

async function tableSection(table: ExplainedTable, title: string, page: WhyPage): Promise<Markup> {
  const { explanation, tables } = page;
  const { size } = explanation;
  const rows = tables.get(table.name)!;
  const isOnLevels = table.levels.some(({ map }) => map !== undefined);
  const figures = isOnLevels ? await levelFigures(table, rows, explanation) : boxFigures(table, size);
  const losses = Object.entries(table.losses);
  return html`<section class="why ${isOnLevels ? '' : 'wide'}">
    <h2>${title}</h2>
    <p>${table.about}</p>
    <p class="muted">
      ${table.total} candidates: ${counts(table)}.
      ${losses.length > 0 ? `Together they lose ${losses.map(([name, loss]) => `${number(loss)} of ${name}`).join(', ')}.` : ''}
    </p>
    ${key(table, isOnLevels, rows)}
    <div class="levels">${figures}</div>
  </section>`;
}

/** A figure for each level. */
async function levelFigures(
  { levels }: ExplainedTable,
  rows: SampleTable,
  { size, resized }: Explanation,
): Promise<Markup[]> {
  const scale = { width: size.width / resized.width, height: size.height / resized.height };
  const figures: Markup[] = [];
  let first = 0;
  for (const [index, level] of levels.entries()) {
    const heat = await heatOf(rows, first, level, scale);
    const ignored = ignoredOf(rows, first, level, scale);
    first += level.total;
    const { width, height } = level.map!;
    const caption = html`<b>Level ${index + 1}</b>, ${width} x ${height} places: ${counts(level)}`;
    figures.push(levelFigure(level, size, heat, ignored, caption));
  }
  return figures;
}

/** What is to find objects, what is background, and where the head sees objects. */
function boxFigures({ levels, losses, sampledBackground }: ExplainedTable, size: Size): Markup[] {
  const candidates = levels.flatMap((level) => level.candidates);
  const positive = candidates.filter(({ object }) => object !== null);
  const background = candidates.filter(({ object }) => object === null);
  const taken = background.filter(({ score = 0 }) => score >= TAKEN_FOR_OBJECT);
  const isPredicted = candidates.some(({ predicted }) => predicted !== undefined);
  return [
    boxesFigure(positive, size, html`<b>Positive</b>: each is to find the object of its color`),
    ...(background.length > 0
      ? [
          boxesFigure(
            background,
            size,
            html`<b>Background</b>: ${background.length} of
              ${sampledBackground}${Object.keys(losses).length > 0 ? ', those that lose most' : ''}`,
          ),
        ]
      : []),
    ...(isPredicted
      ? [
          boxesFigure(
            [...taken, ...positive],
            size,
            html`<b>What the head says</b>: where it moves the positive ones, and the ${taken.length} of the
              background that it takes for an object`,
            'predicted',
          ),
        ]
      : []),
  ];
}

function counts({ positive, ignored, sampledPositive, sampledBackground }: ExplainedTable | Counts): Markup {
  const parts = [
    `${positive} positive${sampledPositive < positive ? ` (${sampledPositive} sampled)` : ''}`,
    ...(ignored > 0 ? [`${ignored} ignored`] : []),
    `${sampledBackground} background in the losses`,
  ];
  return html`${parts.join(', ')}`;
}

type Counts = Pick<ExplainedTable, 'positive' | 'ignored' | 'sampledPositive' | 'sampledBackground'>;

/** What the drawings of a table mean. */
function key({ ignored }: ExplainedTable, isOnLevels: boolean, { scores }: SampleTable): Markup {
  const square = (css: string): Markup => html`<i style="${css}"></i>`;
  return html`<ul class="key">
    <li>${square(`border:2px solid ${colorOf(0)}`)}positive, in its object’s color (dashed: not sampled)</li>
    ${
      isOnLevels
        ? html`<li>
            ${square('background:#1d2129;border-radius:50%')}background in the losses: the larger, the more it
            loses
          </li>`
        : html`<li>${square('border:1px solid #98a1b0')}background</li>`
    }
    ${!isOnLevels && scores ? html`<li>${square(`border:2px solid ${WRONG}`)}background that the head takes for an object</li>` : ''}
    ${ignored > 0 ? html`<li>${square('background:#efb118;border-radius:50%')}ignored: between object and background</li>` : ''}
    ${isOnLevels && scores ? html`<li>${square('background:rgba(229,72,77,.7)')}what the head says: the redder, the surer of an object</li>` : ''}
  </ul>`;
}

function number(value: number): string {
  return value > 0 && value < 0.00005 ? '< 0.0001' : value.toFixed(value >= 0.1 ? 3 : 4);
}
