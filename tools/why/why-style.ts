import { Markup } from '../html/html';

/** What the page adds to the common style. */
export const whyStyle = new Markup(`<style>
.levels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(218px, 100%), 1fr)); gap: 14px; margin: 10px 0 4px; }
.wide .levels { grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); }
.levels figure { margin: 0; padding: 8px; }
.levels figcaption { font-size: 13px; padding: 4px 2px 0; color: var(--muted); }
.levels figcaption b { color: var(--text); }
.why svg { display: block; width: 100%; height: auto; border-radius: 6px; background: #fff; }
.why .dim { filter: grayscale(1) contrast(.75) brightness(1.12); opacity: .62; }
.why .candidate { fill-opacity: 0; pointer-events: all; vector-effect: non-scaling-stroke; }
.why .candidate:hover { fill-opacity: .25; stroke-width: 3.5; }
.why .background { stroke: #fff; vector-effect: non-scaling-stroke; stroke-width: 1; fill: #1d2129; fill-opacity: .8; }
.why .background:hover { fill: #e5484d; }
.why .ignored { fill: #efb118; fill-opacity: .75; }
.why .heat { image-rendering: pixelated; }
.why .key { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 8px 0; padding: 0; font-size: 13px; color: var(--muted); }
.why .key i { display: inline-block; width: 13px; height: 13px; margin-right: 6px; vertical-align: -2px; border-radius: 3px; }
.shares td:not(:first-child) { min-width: 110px; }
.shares .bar { display: inline-block; width: 54px; margin-right: 6px; }
.shares .none { color: var(--muted); }
.tag { display: inline-block; min-width: 1.6em; text-align: center; border-radius: 5px; color: #fff; font-weight: 650; font-size: 12px; padding: 0 5px; margin-right: 8px; }
.first { display: grid; grid-template-columns: minmax(280px, 460px) minmax(300px, 1fr); gap: 20px; margin-top: 20px; align-items: start; }
@media (max-width: 820px) { .first { grid-template-columns: 1fr; } }
</style>`);
