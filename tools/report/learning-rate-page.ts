import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { tenthOfLowest, type RangePoint } from '../../detection/engine/learning-rate-range';
import { imagesPerStep, type CompleteConfiguration } from '../config/complete';
import { configurationYaml } from '../config/yaml-text';
import { pluralize } from '../terminal/pluralize';
import { htmlDocument } from '../html/document';
import { html, Markup } from '../html/html';
import { setting } from '../html/setting';

export interface LearningRatePageData {
  readonly configuration: CompleteConfiguration;
  /** In the order of learning rates. */
  readonly points: readonly RangePoint[];
  /** The learning rate to train with, where one could be found. */
  readonly suggestion: number | undefined;
  readonly environment: readonly (readonly [name: string, value: string])[];
}

/** Two digits: what it rests on is not more exact. */
export function shownRate(learningRate: number): string {
  return String(Number(learningRate.toPrecision(2)));
}

/** A learning rate range test as one HTML page that needs no other file. */
export function learningRatePage(data: LearningRatePageData): string {
  const { configuration, points, suggestion, environment } = data;
  const title = `Learning rate for ${configuration.model.name}`;
  const images = imagesPerStep(configuration);
  const subtitle = html`${pluralize(points.length, 'step')} of ${pluralize(images, 'image')},
  ${configuration.optimizer.type}`;
  return htmlDocument(title, subtitle, [
    html`<dl class="headline">
      <div>
        <dt>where the loss falls fastest</dt>
        <dd>${rate(suggestion)}</dd>
      </div>
      <div>
        <dt>a tenth of where it is lowest</dt>
        <dd>${rate(tenthOfLowest(points))}</dd>
      </div>
    </dl>`,
    html`<h2>Loss over the learning rate</h2>
      <p class="muted">
        Each step had a higher learning rate than the one before. Pale: the sum of the losses of each step; in
        full color the same, smoothed as in fastai. Two rules are in use: the rate where the smoothed loss
        falls fastest (dashed), and a tenth of the rate where it is lowest. What is worth trying lies between
        them.
      </p>
      <div class="card">${chart(points, suggestion)}</div>`,
    setting({ configuration: configurationYaml(configuration), environment }),
  ]);
}

function rate(learningRate: number | undefined): string {
  return learningRate === undefined ? '–' : shownRate(learningRate);
}

/** Much more than the loss at the start is of no interest: without a limit an explosion leaves the rest a flat line. */
const HIGHEST = 1.5;

function chart(points: readonly RangePoint[], suggestion: number | undefined): Markup {
  const { document } = parseHTML('<html><body></body></html>');
  const rates = points.map(({ learningRate }) => Math.log10(learningRate));
  const [first, last] = [Math.ceil(rates[0]), Math.floor(rates[rates.length - 1])];
  const at = points.filter(({ learningRate }) => learningRate === suggestion);
  const plot = Plot.plot({
    document,
    width: 1150,
    height: 460,
    ariaLabel: 'loss over the learning rate',
    marginLeft: 48,
    marginBottom: 36,
    style: { background: 'none', fontFamily: 'inherit', fontSize: '12px' },
    x: {
      type: 'log',
      label: 'learning rate',
      grid: true,
      ticks: Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => 10 ** (first + k)),
      tickFormat: (rate: number) => rate.toExponential(0),
    },
    y: { label: 'loss', grid: true, domain: [0, HIGHEST * points[0].smoothedLoss] },
    marks: [
      Plot.ruleX(at, { x: 'learningRate', stroke: '#ff725c', strokeDasharray: '4 3' }),
      Plot.lineY(points, {
        x: 'learningRate',
        y: 'loss',
        stroke: 'var(--accent)',
        strokeOpacity: 0.35,
        clip: true,
      }),
      Plot.lineY(points, {
        x: 'learningRate',
        y: 'smoothedLoss',
        stroke: 'var(--accent)',
        strokeWidth: 2,
        clip: true,
      }),
      Plot.dot(at, { x: 'learningRate', y: 'smoothedLoss', fill: '#ff725c', r: 5 }),
    ],
  });
  plot.setAttribute('role', 'img');
  return new Markup(plot.outerHTML);
}
