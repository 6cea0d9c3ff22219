import { lineChart } from '../html/charts';
import { htmlDocument } from '../html/document';
import { html, type Markup } from '../html/html';
import { inline } from '../html/self-contained';
import { headline } from '../html/setting';
import { trainingData } from '../report/collect/training';
import { trainingCurves } from '../report/training';
import type { Metrics } from '../run/folder/metrics-file';
import { formatBytes } from '../terminal/format-bytes';
import { formatSeconds } from '../terminal/progress';
import type { ValidationPicture } from './followed-pictures';

/** What is known of a run that may be going on. */
export interface WatchedRun {
  /** Name of its folder. */
  readonly name: string;
  readonly model: string;
  /** That it is to have. */
  readonly iterations: number;
  /** Whether a process is working on it. */
  readonly isAtWork: boolean;
  readonly metrics: Metrics;
  readonly pictures: readonly ValidationPicture[];
}

/** So many last iterations say how long the next ones take. */
const RECENT = 50;

/** Replaces what is below the header by what the server says, and comes back by itself when the server does. */
const SCRIPT = `
const live = document.getElementById('live');
const events = new EventSource('events');
events.onmessage = ({ data }) => { live.innerHTML = JSON.parse(data); };
events.onerror = () => { document.title = document.title.replace(/^(\\u25cb )?/, '\\u25cb '); };
events.onopen = () => { document.title = document.title.replace(/^\\u25cb /, ''); };
`;

/** The page, which asks its server for what changes. */
export function watchPage(run: WatchedRun): string {
  const subtitle = html`rcnn watch: the page changes by itself while the run goes on`;
  return htmlDocument(`${run.model}: ${run.name}`, subtitle, [
    html`<div id="live">${liveBody(run)}</div>`,
    inline('<script>', SCRIPT, '</script>'),
  ]);
}

/** The part of the page that changes. */
export function liveBody(run: WatchedRun): Markup {
  const { metrics } = run;
  if (metrics.rows.length === 0) {
    return html`<p>
      ${run.isAtWork ? 'The first step is not done yet.' : 'The run has no step yet, and is not going on.'}
    </p>`;
  }
  return html`${headline({ headline: numbers(run), notes: [] })}${trainingCurves(trainingData(metrics))}${memory(metrics)}${pictures(run)}`;
}

function numbers({ metrics, iterations, isAtWork }: WatchedRun): [string, string][] {
  const last = metrics.rows.at(-1)!;
  const latest = (name: string): number | undefined => metrics.points(name).at(-1)?.y;
  const seconds = metrics.points('seconds').slice(-RECENT);
  const mean = seconds.reduce((sum, { y }) => sum + y, 0) / seconds.length;
  const left = iterations - last.iteration;
  const state = isAtWork ? (left > 0 ? 'going on' : 'ending') : left > 0 ? 'stopped' : 'done';
  const ap = latest('val/AP');
  return [
    ['state', state],
    ['iteration', `${last.iteration} / ${iterations}`],
    ...(isAtWork && left > 0 && seconds.length > 0
      ? ([['left, about', formatSeconds(left * mean)]] as [string, string][])
      : []),
    ['total loss', latest('total_loss')?.toPrecision(4) ?? '-'],
    ...(ap === undefined ? [] : ([['AP', ap.toFixed(3)]] as [string, string][])),
    ['peak memory', formatBytes(metrics.max('peak_memory_bytes'))],
  ];
}

function memory(metrics: Metrics): Markup {
  const series = (name: string, scale: number, color: string) => ({
    name,
    color,
    points: metrics.points(name).map(({ x, y }) => ({ x, y: y / scale })),
  });
  const chart = (title: string, name: string, scale: number, yLabel: string): Markup =>
    html`<div class="card">
      <h3>${title}</h3>
      ${lineChart([series(name, scale, 'var(--accent)')], { title, xLabel: 'iteration', yLabel })}
    </div>`;
  return html`<h2>Memory and time</h2>
    <div class="charts">
      ${chart('peak memory', 'peak_memory_bytes', 1e9, 'GB')}
      ${chart('a step', 'seconds', 1, 'seconds')}${chart('waiting for pictures', 'data_seconds', 1, 'seconds')}
    </div>`;
}

function pictures({ pictures: all }: WatchedRun): Markup | '' {
  if (all.length === 0) return '';
  return html`<h2>Validation pictures</h2>
    <p class="muted">As of the last evaluation: true objects on the left, those found on the right.</p>
    <div class="gallery">
      ${all.map(
        ({ name, step }, k) =>
          html`<figure class="card">
            <img
              src="pictures/${k}?${step}"
              alt="${name}"
              style="display: block; width: 100%; border-radius: 6px"
            />
            <figcaption>${name}, iteration ${step}</figcaption>
          </figure>`,
      )}
    </div>`;
}
