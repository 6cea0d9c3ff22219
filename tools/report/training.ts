import { lineChart, lossChart } from '../html/charts';
import type { TrainingData } from './collect/training';
import { categoryLegend } from '../html/figure';
import { html, type Markup } from '../html/html';
import { colorOf } from '../html/palette';

const training = { name: 'training', color: 'var(--accent)' } as const;
const validation = { name: 'validation', color: colorOf(1) } as const;

/** A chart per loss, the learning rate, and the evaluations during the run. */
export function trainingCurves({ losses, learningRate, scores }: TrainingData): Markup {
  const iterations = { xLabel: 'iteration', yLabel: null } as const;
  const charts = losses.map((loss) => {
    const series = [
      { ...training, points: loss.points },
      { ...validation, points: loss.validation },
    ] as const;
    const hasValidation = loss.validation.length > 0;
    return card(
      loss.name,
      html`${lossChart(...series, { ...iterations, title: loss.name })}${hasValidation ? categoryLegend(series) : ''}`,
    );
  });
  const rate = { ...learningRate, color: training.color };
  charts.push(card(learningRate.name, lineChart([rate], { ...iterations, title: learningRate.name })));
  if (scores.some(({ points }) => points.length > 1)) {
    const colored = scores.map((each, i) => ({ ...each, color: colorOf(i) }));
    const chart = lineChart(colored, { ...iterations, title: 'evaluations', yDomain: [0, 1] });
    charts.push(card('evaluations', html`${chart}${categoryLegend(colored)}`));
  }
  const withValidation = losses.some((loss) => loss.validation.length > 0);
  return html`<h2>Training</h2>
    <p class="muted">
      Losses: each iteration in pale, the median of the last 20 in full
      color${withValidation ? ', and the mean over the validation set' : ''}.
    </p>
    <div class="charts">${charts}</div>`;
}

function card(title: string, content: Markup): Markup {
  return html`<div class="card">
    <h3>${title}</h3>
    ${content}
  </div>`;
}
