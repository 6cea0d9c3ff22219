import os from 'node:os';
import { pluralize } from '../terminal/pluralize';
import { lineChart, lossChart, type Series } from '../html/charts';
import { facts, htmlDocument } from '../html/document';
import { html, type Markup } from '../html/html';
import { colorOf } from '../html/palette';
import { title, type Check } from './checks';
import { FAULT_KINDS } from './fault-plan';
import type { FaultRecord, LifeRecord, Phase, RunRecord, SoakRecording } from './recording';
import type { ProbeSample } from './trainer-probe';

/** A soak as one HTML page that needs no other file. */
export function soakPage(recording: SoakRecording, checks: readonly Check[]): string {
  const { seed, minutes, faults, lives, runs } = recording;
  const broken = checks.filter(({ verdict }) => verdict === 'broken').length;
  const heading =
    broken === 0
      ? 'Fault-injection test: all checks passed'
      : `Fault-injection test: ${pluralize(broken, 'check')} failed`;
  const steps = runs.map(({ phase, rows }) => `${rows.length} steps ${title(phase)}`).join(', ');
  const subtitle = html`${minutes} minutes of training under ${faults.length} faults, seed ${seed};
  ${lives.length} processes; ${steps}`;
  return htmlDocument(heading, subtitle, [
    html`<h2>Promises</h2>
      ${checkTable(checks)}`,
    html`<h2>Losses and memory</h2>
      <p class="muted">
        Memory and tensors of each process over its own steps, as it wrote the row of a step:
        ${phaseNames(runs).map(([phase, name]) => html`<span style="color:${colors[phase]}">■</span> ${name} `)}
      </p>
      <div class="charts">
        ${runs.map(lossCard)}
        ${sampleCard('resident memory, MB', lives, ({ residentBytes }) => residentBytes / 2 ** 20)}
        ${sampleCard('JavaScript objects and buffers, MB', lives, ({ heapBytes }) => heapBytes / 2 ** 20)}
        ${sampleCard('tensors', lives, ({ tensors }) => tensors)}
        ${sampleCard('threads', lives, ({ threads }) => threads)}
        ${sampleCard('open files', lives, ({ openFiles }) => openFiles)}
      </div>`,
    html`<h2>Kinds of faults</h2>
      ${kindTable(recording)}`,
    html`<h2>Faults</h2>
      ${faultTable(faults)}`,
    html`<h2>Where it ran</h2>
      ${environment()}`,
  ]);
}

const colors: Readonly<Record<Phase, string>> = {
  faults: colorOf(0),
  skipping: colorOf(1),
  control: colorOf(4),
};
/** Points of a process's line: more only make the file larger. */
const MAX_POINTS = 150;

function phaseNames(runs: readonly RunRecord[]): [Phase, string][] {
  return runs.map(({ phase }) => [phase, title(phase)]);
}

function checkTable(checks: readonly Check[]): Markup {
  return table(
    ['promise', 'verdict', 'found'],
    checks.map(({ promise, verdict, found }) => [promise, html`<b>${verdict}</b>`, found]),
    [0, 2],
  );
}

function kindTable({ faults, impossible }: SoakRecording): Markup {
  return table(
    ['kind', 'times', 'not as documented', ''],
    FAULT_KINDS.map((kind) => {
      const own = faults.filter((fault) => fault.kind === kind);
      const wrong = own.filter(({ problems }) => problems.length > 0);
      const reason = impossible.find((entry) => entry.kind === kind)?.reason ?? '';
      return [kind, own.length, wrong.length, reason];
    }),
  );
}

function faultTable(faults: readonly FaultRecord[]): Markup {
  return table(
    ['time', 'step', 'run', 'what was done', 'what the run said', 'not as documented'],
    faults.map(({ at, iteration, phase, done, said, problems }) => [
      clockTime(at),
      iteration,
      title(phase),
      done,
      said,
      html`<b>${problems.join('; ')}</b>`,
    ]),
    [3, 4, 5],
  );
}

function lossCard({ phase, rows }: RunRecord): Markup {
  const series = (name: string, color: string): Series => ({
    name,
    color,
    points: rows.flatMap((row) => (row[name] === undefined ? [] : [{ x: row.iteration, y: row[name] }])),
  });
  const name = `loss ${title(phase)}`;
  const chart = lossChart(series('total_loss', colors[phase]), series('val/total_loss', colorOf(2)), {
    title: name,
    xLabel: 'step',
    yLabel: 'loss',
  });
  return card(name, chart);
}

function sampleCard(
  name: string,
  lives: readonly LifeRecord[],
  value: (sample: ProbeSample) => number,
): Markup {
  const series = lives.map(({ phase, samples }): Series => {
    const step = Math.ceil(samples.length / MAX_POINTS);
    const points = samples.map((sample, index) => ({ x: index + 1, y: value(sample) }));
    return { name: phase, color: colors[phase], points: points.filter((_, index) => index % step === 0) };
  });
  return card(name, lineChart(series, { title: name, xLabel: 'steps of the process', yLabel: null }));
}

function card(name: string, chart: Markup): Markup {
  return html`<div class="card">
    <h3>${name}</h3>
    ${chart}
  </div>`;
}

type Cell = Markup | string | number;

/** @param textColumns whose cells may take several lines. */
function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  textColumns: readonly number[] = [],
): Markup {
  const look = (column: number): string => {
    const isText = textColumns.includes(column);
    const wrap = isText ? 'normal; overflow-wrap: anywhere; min-width: 14em' : 'nowrap; min-width: 0';
    return `text-align: left; vertical-align: top; white-space: ${wrap}`;
  };
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((name, column) => html`<th style="${look(column)}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, column) => html`<td style="${look(column)}">${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function environment(): Markup {
  const cpus = os.cpus();
  return facts([
    ['Node', process.versions.node],
    ['CPU', `${cpus[0]?.model.trim() ?? 'unknown'}, ${cpus.length} logical cores`],
    ['memory', `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['system', `${os.type()} ${os.release()} ${os.arch()}`],
  ]);
}

function clockTime(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
