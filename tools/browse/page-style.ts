/** The look of the page, in light and dark. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --background: #ffffff; --surface: #f3f4f7; --text: #1d2129; --muted: #5d677a; --line: #d9dde4; --accent: #3157c9;
}
@media (prefers-color-scheme: dark) {
  :root { --background: #14161a; --surface: #1f2329; --text: #e6e8ec; --muted: #a3acba; --line: #363c46; --accent: #8fb0ff; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; height: 100vh; display: flex; flex-direction: column; background: var(--background); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
header { padding: 10px 14px 8px; border-bottom: 1px solid var(--line); background: var(--surface); }
.top { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; }
h1 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
.subtitle { color: var(--muted); overflow-wrap: anywhere; flex: 1; min-width: 12em; }
form, #layers { display: flex; flex-wrap: wrap; align-items: end; gap: 6px 10px; margin-top: 8px; }
label { display: flex; flex-direction: column; font-size: 12px; color: var(--muted); min-width: 0; }
#layers label { flex-direction: row; align-items: center; gap: 5px; color: var(--text); font-size: 13px; }
#layers { align-items: center; }
input, select, button { font: inherit; color: var(--text); background: var(--background); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; }
select { max-width: 13em; }
input[type=search] { width: 13em; max-width: 100%; }
input[type=number] { width: 5.2em; }
input[type=checkbox], input[type=range] { padding: 0; accent-color: var(--accent); }
button { cursor: pointer; }
button[aria-disabled=true] { opacity: 0.45; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
#count { font-weight: 650; font-variant-numeric: tabular-nums; margin-right: 8px; }
#count:has(+ [hidden]) { margin-right: auto; }
#remarks { margin-top: 6px; font-size: 13px; }
#remarks ul { margin: 4px 0 0; padding-left: 20px; max-height: 30vh; overflow: auto; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--muted); }
#grid { flex: 1; overflow-y: scroll; min-height: 0; outline: none; }
.cells { position: relative; }
.cell { position: absolute; top: 0; left: 0; display: flex; flex-direction: column; border-radius: 8px; overflow: hidden; background: var(--surface); border: 1px solid var(--line); cursor: pointer; contain: strict; }
.cell[aria-selected=true] { border-color: var(--accent); }
#grid:focus-visible .cell[aria-selected=true] { box-shadow: 0 0 0 2px var(--accent); }
.cell svg { flex: 1; min-height: 0; width: 100%; background: #000; }
.cell .name, .cell .facts { padding: 0 8px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; line-height: 20px; height: 20px; flex: none; }
.cell .facts { color: var(--muted); font-size: 12px; height: 22px; }
svg rect { fill: none; stroke-width: 2px; vector-effect: non-scaling-stroke; }
svg rect.detection, svg .detection .mask { stroke-dasharray: 6 4; }
svg .mask { fill-opacity: 0.3; fill-rule: evenodd; stroke-width: 1.5px; vector-effect: non-scaling-stroke; }
svg .crowd { stroke-dasharray: 1.5 3; }
svg .faint { opacity: 0.25; }
svg .highlight { stroke-width: 4px; fill: rgb(255 255 255 / 0.18); opacity: 1; }
svg.missing { background: repeating-linear-gradient(45deg, var(--line) 0 10px, var(--surface) 10px 20px); }
.names { font-family: inherit; font-weight: 600; paint-order: stroke; stroke: #000; stroke-linejoin: round; pointer-events: none; }
dialog { color: inherit; background: var(--background); border: 1px solid var(--line); border-radius: 10px; padding: 0; }
dialog::backdrop { background: rgb(0 0 0 / 0.55); }
#detail { width: calc(100vw - 24px); height: calc(100vh - 24px); max-width: none; max-height: none; overflow: hidden; }
#detail > div { height: 100%; display: grid; grid-template: auto 1fr / 1fr 320px; }
#detail .bar { grid-column: 1 / -1; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; padding: 8px 12px; border-bottom: 1px solid var(--line); }
#detail-name { font-weight: 650; overflow-wrap: anywhere; margin: 0; font-size: 15px; max-height: 4.5em; overflow: auto; }
#detail-place { color: var(--muted); margin-right: auto; white-space: nowrap; }
#viewport { width: 100%; height: 100%; min-height: 0; background: #16181c; cursor: grab; touch-action: none; }
#viewport:active { cursor: grabbing; }
#viewport image { image-rendering: auto; }
aside { overflow: auto; padding: 10px 12px; border-left: 1px solid var(--line); }
aside ul { list-style: none; margin: 0 0 10px; padding: 0; overflow-wrap: anywhere; }
#detail-facts { color: var(--muted); }
#detail-problems { border-left: 4px solid #efb118; padding: 4px 0 4px 10px; font-size: 13px; }
#entries li { display: grid; grid-template-columns: 20px 1fr auto; column-gap: 8px; padding: 4px 4px; border-radius: 6px; border-bottom: 1px solid var(--line); }
#entries li:hover, #entries li:focus { background: var(--surface); }
#entries li.faint { opacity: 0.55; }
#entries b { font-weight: 600; }
#entries small { grid-column: 2 / -1; color: var(--muted); }
.score { font-variant-numeric: tabular-nums; }
.swatch { width: 18px; height: 13px; border: 2.5px solid; border-radius: 2px; margin-top: 4px; }
.swatch.detection { border-style: dashed; }
#help { padding: 16px 20px; max-width: 34em; }
#help h2 { margin: 0 0 8px; font-size: 17px; }
#help table { border-collapse: collapse; }
#help :is(td, th) { text-align: left; padding: 3px 14px 3px 0; vertical-align: top; font-weight: normal; }
kbd { font: 600 12px/1 ui-monospace, "DejaVu Sans Mono", monospace; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 2px 5px; background: var(--surface); white-space: nowrap; }
#legend { display: flex; flex-wrap: wrap; gap: 0 10px; list-style: none; padding: 0; margin: 0 auto 0 0; font-size: 12px; color: var(--muted); }
@media (max-width: 760px) {
  header { max-height: 45vh; overflow: auto; }
  form label { flex: 1 1 8em; }
  select, input[type=search], input[type=number] { width: 100%; max-width: none; }
  #detail > div { grid-template: auto 1fr auto / 1fr; }
  aside { border-left: 0; border-top: 1px solid var(--line); max-height: 38vh; }
}
`;
