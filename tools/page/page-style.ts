/** The look of the page, in light and dark. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --background: #ffffff; --surface: #f3f4f7; --text: #1d2129; --muted: #5d677a; --line: #d9dde4; --accent: #3157c9; --fault: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root { --background: #14161a; --surface: #1f2329; --text: #e6e8ec; --muted: #a3acba; --line: #363c46; --accent: #8fb0ff; --fault: #ff8a80; }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--background); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
header { padding: 12px 16px; border-bottom: 1px solid var(--line); background: var(--surface); }
h1 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0; overflow-wrap: anywhere; }
#finds { color: var(--muted); max-height: 3em; overflow: auto; }
#finds:empty::before { content: "\\00a0"; }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 18px; margin: 10px 0; }
label { display: inline-flex; align-items: center; gap: 6px; }
.button { border: 1px solid var(--line); border-radius: 6px; padding: 4px 12px; background: var(--background); cursor: pointer; }
.button:first-child { background: var(--accent); border-color: var(--accent); color: var(--background); font-weight: 600; }
.button input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.button:focus-within, :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
select { font: inherit; color: var(--text); background: var(--background); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; }
input[type=range] { accent-color: var(--accent); }
output, .score { font-variant-numeric: tabular-nums; }
#status { min-height: 1.45em; }
[aria-busy=true] #status::after { content: " \\2026"; }
.failed #status { color: var(--fault); font-weight: 600; }
main { flex: 1; display: grid; grid-template: 1fr / 1fr 240px; min-height: 0; }
#stage { position: relative; align-self: start; justify-self: center; margin: 16px; }
#stage img { display: block; max-width: 100%; max-height: calc(100vh - 200px); }
#stage svg { position: absolute; inset: 0; width: 100%; height: 100%; }
#hint { grid-area: 1 / 1; place-self: center; margin: 16px; padding: 40px; text-align: center; color: var(--muted); border: 2px dashed var(--line); border-radius: 12px; }
#stage { grid-area: 1 / 1; z-index: 1; }
#stage:has(img) + #hint { display: none; }
.dragging main { box-shadow: inset 0 0 0 4px var(--accent); }
aside { padding: 16px; border-left: 1px solid var(--line); overflow: auto; }
#summary { color: var(--muted); margin-bottom: 8px; }
#objects { list-style: none; margin: 0; padding: 0; }
#objects li { display: grid; grid-template-columns: 14px 1fr auto; gap: 8px; align-items: center; padding: 3px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.swatch { height: 14px; border-radius: 3px; border: 1px solid var(--line); }
@media (max-width: 700px) {
  main { grid-template: auto auto / 1fr; }
  aside { border-left: 0; border-top: 1px solid var(--line); }
}
`;
