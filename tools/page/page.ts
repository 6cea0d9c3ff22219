import { html, type Markup } from '../html/html';
import { bundledScript, inline, inlineJson, policyHash } from '../html/self-contained';
import { pageStyle } from './page-style';

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  /** A safetensors file that says which detector it is of, in pieces. */
  readonly detector: readonly Uint8Array[];
  /** The binaries of TensorFlow.js's WebAssembly backend, by name. */
  readonly wasm: ReadonlyMap<string, Uint8Array>;
}

/**
 * A detector as one HTML document that loads nothing: pictures are given to it, and none leaves it. Its policy, which the browser
 * enforces, leaves it nobody to speak to.
 */
export function detectorPage({ title, detector, wasm }: PageParts): string {
  const script = bundledScript('tools/page/client.bundle.js');
  const policy = [
    "default-src 'none'",
    // Threads of WebAssembly load their script from what the page's own thread has made.
    `script-src ${policyHash(script)} 'wasm-unsafe-eval' blob:`,
    'worker-src blob:',
    'connect-src blob:',
    `style-src ${policyHash(pageStyle)}`,
    'img-src blob: data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${inline('<style>', pageStyle, '</style>')}
      </head>
      <body aria-busy="true">
        ${body(title)} ${inlineBytes('weights', detector)}
        ${inlineBytes('worker', [Buffer.from(bundledScript('tools/page/worker.bundle.js'))])}
        ${[...wasm].map(([name, bytes]) => inlineBytes(name, [bytes]))}
        ${inlineJson('wasm-names', [...wasm.keys()])} ${inline('<script>', script, '</script>')}
      </body>
    </html> `.text;
}

/** Bytes for the page's script. */
function inlineBytes(id: string, pieces: readonly Uint8Array[]): Markup {
  const base64 = Buffer.concat(pieces).toString('base64');
  return inline(`<script type="application/octet-stream" id="${id}">`, base64, '</script>');
}

function body(title: string): Markup {
  return html`<header>
      <h1 id="detector-name">${title}</h1>
      <p id="finds"></p>
      <div class="controls">
        <label class="button">Choose a picture<input type="file" id="picture" accept="image/*" /></label>
        <label
          >Score from
          <input type="range" id="score" min="0.05" max="0.95" step="0.01" value="0.5" />
          <output id="score-text" for="score">0.50</output></label
        >
        <label
          >Runs on
          <select id="runner">
            <option value="wasm" selected>WebAssembly</option>
            <option value="webgpu">WebGPU</option>
          </select></label
        >
        <label class="button"
          >Another detector<input type="file" id="detector" accept=".safetensors"
        /></label>
      </div>
      <p id="status" role="status">Starting</p>
    </header>
    <main>
      <div id="stage"></div>
      <p id="hint">Drop a picture here, choose one, or paste one. It does not leave this computer.</p>
      <aside aria-label="What is found">
        <p id="summary" role="status"></p>
        <ul id="objects"></ul>
      </aside>
    </main>
    <noscript>This page needs JavaScript, which it contains.</noscript>`;
}
