import type { LabeledBox } from '../../datasets/drawing/overlay-svg';
import { ERROR_KINDS } from '../../datasets/evaluation/errors/error-kinds';
import { pluralize } from '../terminal/pluralize';
import type { Verdict } from '../../datasets/evaluation/errors/verdicts';
import type { JudgedBox, ReportData, WorstImage } from './data';
import { categoryLegend, pairFigure, swatch } from '../html/figure';
import { html, type Markup } from '../html/html';
import { verdictColors } from '../html/verdict-colors';

/** With more boxes their captions would hide the picture; the text below it says them all. */
const maxCaptions = 12;
/** Names of one kind in the text below a picture. */
const maxNames = 6;

/** The pictures with the most errors, and what is wrong in each. */
export function worstImages({ worst, scoreThreshold }: ReportData): Markup {
  const verdicts = new Set(
    worst.flatMap(({ truth, detections }) => [...truth, ...detections].map(({ verdict }) => verdict)),
  );
  const legend = (Object.keys(verdictColors) as Verdict[])
    .filter((verdict) => verdicts.has(verdict))
    .map((verdict) => ({
      name: verdict === 'crowd' ? 'crowd (does not count)' : verdict,
      color: verdictColors[verdict],
    }));
  return html`<h2>Worst pictures</h2>
    <p class="muted">
      Those with the most errors: detections with a score of at least ${scoreThreshold} that are wrong, and
      missed objects. An object that a misnamed or misplaced detection means has that error's color, and
      counts once.
    </p>
    ${categoryLegend(legend)}
    <div class="gallery">${worst.map((image, i) => figure(image, `worst-${i}`))}</div>`;
}

function figure(image: WorstImage, id: string): Markup {
  const { fileName, truth, detections } = image;
  const wrong = [...detections, ...truth.filter(({ verdict }) => verdict === 'missed')];
  const kinds = ERROR_KINDS.map((kind) => ({ kind, boxes: wrong.filter(({ verdict }) => verdict === kind) }));
  const count = kinds.reduce((sum, { boxes }) => sum + boxes.length, 0);
  return pairFigure(
    image,
    id,
    [
      { title: 'truth', boxes: labeled(truth) },
      { title: 'detections', boxes: labeled(detections) },
    ],
    html`${fileName} &middot; ${pluralize(count, 'error')}
      <ul class="verdicts">
        ${kinds
          .filter(({ boxes }) => boxes.length > 0)
          .map(
            ({ kind, boxes }) =>
              html`<li>${swatch(verdictColors[kind])}${boxes.length} ${kind}: ${describe(boxes)}</li>`,
          )}
      </ul>`,
  );
}

function describe(boxes: readonly JudgedBox[]): string {
  const names = boxes.map(({ name, score, trueName }) =>
    [
      name,
      ...(score === undefined ? [] : [score.toFixed(2)]),
      ...(trueName === undefined ? [] : [`(is ${trueName})`]),
    ].join(' '),
  );
  const different = [...new Set(names)];
  const counted = different.slice(0, maxNames).map((name) => {
    const count = names.filter((other) => other === name).length;
    return count === 1 ? name : `${count} × ${name}`;
  });
  return [...counted, ...(different.length > maxNames ? ['…'] : [])].join(', ');
}

/** Captions for what is wrong only; the color tells the rest. */
function labeled(boxes: readonly JudgedBox[]): LabeledBox[] {
  const isNamed = ({ verdict }: JudgedBox): boolean => verdict !== 'right' && verdict !== 'crowd';
  const captions = boxes.filter(isNamed).length <= maxCaptions;
  const order = (judged: JudgedBox): number => (isNamed(judged) ? 0 : 1);
  return [...boxes]
    .sort((a, b) => order(a) - order(b))
    .map((judged) => {
      const { box, mask, keypoints, score, name, verdict } = judged;
      const isCaptioned = captions && isNamed(judged);
      return {
        ...{ box, mask, keypoints, color: verdictColors[verdict] },
        label: isCaptioned ? `${name}: ${verdict}` : '',
        ...(isCaptioned && { score }),
      };
    });
}
