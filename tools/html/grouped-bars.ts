import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { Markup } from './html';

/** A bar of a group of bars. */
export interface GroupedBar {
  readonly group: string;
  /** The same in each group; bars without one in a group leave a gap. */
  readonly name: string;
  /** Up to here the bar is pale. */
  readonly base: number;
  /** Length of the whole bar. */
  readonly value: number;
  readonly color: string;
}

/** In pixels. */
const WIDTH = 900;
const BAR_HEIGHT = 15;
const GROUP_GAP = 22;
const LABEL_WIDTH = 230;

/** Groups of horizontal bars, one below the other, each with its number. */
export function groupedBars(
  bars: readonly GroupedBar[],
  { title, label }: { readonly title: string; readonly label: string },
): Markup {
  const { document } = parseHTML('<html><body></body></html>');
  const groups = [...new Set(bars.map(({ group }) => group))];
  const names = [...new Set(bars.map(({ name }) => name))];
  const place = { fy: 'group', y: 'name' };
  const chart = Plot.plot({
    document,
    width: WIDTH,
    height: groups.length * (names.length * BAR_HEIGHT + GROUP_GAP) + 60,
    marginLeft: LABEL_WIDTH,
    marginRight: 50,
    ariaLabel: title,
    style: { background: 'none', fontFamily: 'inherit', fontSize: '12px' },
    x: { label, grid: true, ticks: 6, zero: true },
    y: { domain: names, axis: null },
    fy: { domain: groups, label: null, axis: 'left', padding: 0.12 },
    marks: [
      Plot.barX(bars, { ...place, x1: 0, x2: 'base', fill: 'color', fillOpacity: 0.35 }),
      Plot.barX(bars, { ...place, x1: 'base', x2: 'value', fill: 'color' }),
      Plot.text(bars, {
        ...place,
        x: 'value',
        text: (bar: GroupedBar) => bar.value.toFixed(0),
        textAnchor: 'start',
        dx: 4,
        fill: 'currentColor',
      }),
      Plot.ruleX([0]),
    ],
  });
  chart.setAttribute('role', 'img');
  return new Markup(chart.outerHTML);
}
