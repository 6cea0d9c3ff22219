import { Markup } from './html';

/** The report's look, in light and dark. No external resource: the page may be mailed as it is. */
export const style = new Markup(`
:root {
  color-scheme: light dark;
  --background: #ffffff; --surface: #f6f7f9; --text: #1d2129; --muted: #667085; --line: #e2e5ea; --accent: #4269d0; --good: #2f9e6e; --bad: #e5484d;
}
@media (prefers-color-scheme: dark) {
  :root { --background: #14161a; --surface: #1d2026; --text: #e6e8ec; --muted: #98a1b0; --line: #31363f; --accent: #8fb0ff; --good: #3cc28a; --bad: #ff6b70; }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--background); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1240px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 44px 0 6px; }
h3 { font-size: 14px; margin: 0 0 4px; font-weight: 600; }
p { margin: 0 0 14px; max-width: 80ch; }
.muted { color: var(--muted); }
.headline { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 24px 0 0; }
.headline div { container-type: inline-size; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.headline dt { color: var(--muted); font-size: 13px; }
.headline dd { margin: 0; font-size: clamp(17px, 15cqi, 25px); font-weight: 650; font-variant-numeric: tabular-nums; white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 16px; }
.notes { margin: 16px 0 0; padding: 12px 16px 12px 34px; border: 1px solid var(--line); border-left: 4px solid #efb118; border-radius: 10px; background: var(--surface); overflow-wrap: anywhere; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; min-width: 0; }
.card svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: right; padding: 5px 12px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 9em; }
th { color: var(--muted); font-weight: 600; font-size: 13px; }
tbody th { color: inherit; font-weight: inherit; font-size: inherit; }
tr.total td, tr.total th { font-weight: 650; }
caption { text-align: left; color: var(--muted); font-size: 13px; padding-bottom: 6px; }
.tall { max-height: 640px; overflow: auto; }
.tall thead th { position: sticky; top: -12px; background: var(--surface); }
.number { display: inline-block; min-width: 3em; text-align: right; }
.bars th, .bars td, .list td, .list th { padding: 3px 8px; }
.bars td:last-child { width: 55%; }
.bars .bar { width: calc(100% - 64px); }
.errors th:first-child { white-space: nowrap; }
.errors :is(td, th):last-child { text-align: left; white-space: normal; min-width: 14em; }
.list:has(td:nth-child(4)) :is(td, th):nth-child(2) { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 5.5em; }
.card:has(> .confusion) { width: fit-content; max-width: 100%; }
.confusion { width: auto; }
.confusion td, .confusion thead th { text-align: center; padding: 5px 4px; min-width: 38px; border: 1px solid var(--line); }
.confusion thead :is(th, td) { border: 0; vertical-align: bottom; }
.confusion thead th span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 140px; overflow: hidden; text-overflow: ellipsis; text-align: left; }
.confusion .right { background: color-mix(in srgb, var(--good) var(--strength), transparent); }
.confusion .wrong { background: color-mix(in srgb, var(--bad) var(--strength), transparent); }
.confusion .zero { color: var(--muted); opacity: 0.5; }
.verdicts { margin: 4px 0 0; padding: 0; list-style: none; }
.bar { display: inline-block; vertical-align: middle; width: 90px; height: 8px; border-radius: 4px; background: var(--line); margin-right: 10px; }
.bar i { display: block; height: 100%; border-radius: 4px; background: var(--accent); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 6px 0 14px; padding: 0; list-style: none; font-size: 13px; }
.legend li { min-width: 0; overflow-wrap: anywhere; }
.legend i, .swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(560px, 100%), 1fr)); gap: 16px; }
figure { margin: 0; }
figure .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
figure .pair span { font-size: 12px; color: var(--muted); }
figure svg { display: block; width: 100%; height: auto; border-radius: 6px; background: #000; }
figcaption { font-size: 13px; margin-top: 8px; color: var(--muted); overflow-wrap: anywhere; }
pre { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; overflow-x: auto; font-size: 13px; line-height: 1.45; margin: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 16px; align-items: start; }
.charts + .columns, .card + .columns { margin-top: 16px; }
.facts :is(td, th) { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.facts th { color: var(--muted); }
@media (max-width: 600px) {
  main { padding: 20px 12px 40px; }
  th, td { padding: 5px 7px; }
  th:first-child, td:first-child { min-width: 7em; }
  .bars td:last-child { width: 45%; }
  .list :is(td, th):first-child { min-width: 5.5em; }
  .bar { width: 44px; margin-right: 6px; }
}
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3 { break-after: avoid; }
  .headline div, figure, tr, .charts .card { break-inside: avoid; }
  .scroll, .tall { overflow: visible; max-height: none; }
  th, td { padding: 3px 4px; }
  th:first-child, td:first-child { min-width: 6em; }
  .bar { width: 44px; margin-right: 4px; }
  .gallery { grid-template-columns: 1fr 1fr; }
  .confusion td, .confusion thead th { min-width: 0; }
  .tall thead th { position: static; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`);
