import { verdictColors } from '../html/verdict-colors';
import { html, type Markup } from '../html/html';
import { bundledScript, inline, inlineJson, policyHash } from '../html/self-contained';
import type { PageData } from './page-data';
import { pageStyle } from './page-style';

/**
 * The page as one HTML document that loads nothing but pictures, and those only of its own server, if it has one. Everything in
 * `data` may hold markup.
 *
 * @param thumbnails JPEG files in base64, by picture; undefined where a server has the pictures
 */
export function browsePage(data: PageData, thumbnails: readonly string[] | undefined): string {
  const script = bundledScript('tools/browse/page.bundle.js');
  // The styles and the script that stand here run, and nothing else does, whatever a name in the data may say.
  const policy = [
    "default-src 'none'",
    `script-src ${policyHash(script)}`,
    `style-src ${policyHash(pageStyle)}`,
    `img-src data:${thumbnails === undefined ? " 'self'" : ''}`,
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
        <title>${data.title}</title>
        ${inline('<style>', pageStyle, '</style>')}
      </head>
      <body>
        ${body(data)} ${inlineJson('data', data)}
        ${thumbnails === undefined ? '' : inlineJson('thumbnails', thumbnails)}
        ${inline('<script>', script, '</script>')}
      </body>
    </html> `.text;
}

function body({ title, subtitle }: PageData): Markup {
  return html` <header>
      <div class="top">
        <h1>${title}</h1>
        <span class="subtitle">${subtitle}</span>
        <button type="button" id="show-help" aria-haspopup="dialog">Keys <kbd>?</kbd></button>
      </div>
      <form id="query" role="search" aria-label="Which pictures">
        <label>File name or id <input type="search" id="text" autocomplete="off" spellcheck="false" /></label>
        <label
          >Category
          <select id="category">
            <option value="">any</option>
            <option value="none">none at all</option>
          </select></label
        >
        <label
          >Size of object
          <select id="size">
            <option value="">any</option>
            <option value="small">small: up to 32² pixels</option>
            <option value="medium">medium</option>
            <option value="large">large: from 96² pixels</option>
          </select></label
        >
        <label class="of-detections"
          >Error
          <select id="verdict">
            <option value="">any or none</option>
            <option value="error">any error</option>
          </select></label
        >
        <label class="of-detections"
          >Score from <input type="number" id="min-score" min="0" max="1" step="0.05" value="0"
        /></label>
        <label class="of-detections"
          >Score to <input type="number" id="max-score" min="0" max="1" step="0.05" value="1"
        /></label>
        <label id="problems-field"
          >Problem
          <select id="problem">
            <option value="">any or none</option>
            <option value="problem">any problem</option>
          </select></label
        >
        <label
          >Order
          <select id="sort">
            <option value="worst">worst first</option>
            <option value="id">id</option>
            <option value="name">file name</option>
            <option value="objects">most objects</option>
          </select></label
        >
        <button type="button" id="show-all">Show all</button>
      </form>
      <div id="layers">
        <span id="count" role="status"></span>
        <ul id="legend" class="of-detections">
          ${Object.entries(verdictColors).map(
            ([name, color]) =>
              html`<li>
                <svg width="11" height="11" aria-hidden="true">
                  <circle cx="5.5" cy="5.5" r="5.5" fill="${color}" />
                </svg>
                ${name}
              </li>`,
          )}
        </ul>
        <label><input type="checkbox" id="show-truth" checked /> Truth <kbd>t</kbd></label>
        <label class="of-detections"
          ><input type="checkbox" id="show-detections" checked /> Predictions <kbd>p</kbd></label
        >
        <label id="shapes-field"
          ><input type="checkbox" id="show-shapes" checked /> Masks, keypoints <kbd>m</kbd></label
        >
        <label><input type="checkbox" id="show-names" checked /> Names <kbd>n</kbd></label>
        <label
          >Size
          <input
            type="range"
            id="cell-width"
            min="120"
            max="480"
            step="20"
            value="220"
            aria-label="Size of the pictures"
        /></label>
      </div>
      <details id="remarks">
        <summary id="remarks-summary"></summary>
        <ul id="remarks-list"></ul>
      </details>
    </header>
    <main id="grid" role="listbox" tabindex="0" aria-label="Pictures"></main>
    <dialog id="detail" aria-labelledby="detail-name">
      <div>
        <div class="bar">
          <h2 id="detail-name"></h2>
          <span id="detail-place"></span>
          <button type="button" id="previous" aria-label="Previous picture">&larr;</button>
          <button type="button" id="next" aria-label="Next picture">&rarr;</button>
          <button type="button" id="zoom-out" aria-label="Zoom out">&minus;</button>
          <button type="button" id="zoom-reset" aria-label="Whole picture">Fit</button>
          <button type="button" id="zoom-in" aria-label="Zoom in">+</button>
          <button type="button" id="close">Close <kbd>Esc</kbd></button>
        </div>
        <svg id="viewport" role="img" aria-labelledby="detail-name"></svg>
        <aside aria-label="What is in the picture">
          <ul id="detail-facts"></ul>
          <ul id="detail-problems" aria-label="Problems"></ul>
          <ul id="entries" aria-label="Objects and predictions"></ul>
        </aside>
      </div>
    </dialog>
    <dialog id="help" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <table>
        <tbody>
          ${keys.map(
            ([names, what]) =>
              html`<tr>
                <td>${names.map((name) => html`<kbd>${name}</kbd> `)}</td>
                <td>${what}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <p>
        Truth has solid lines, predictions have dashed ones, crowds dotted ones. What the filters do not mean
        is faint.
      </p>
      <button type="button" id="hide-help">Close <kbd>Esc</kbd></button>
    </dialog>
    <noscript>This page needs JavaScript, which it contains.</noscript>`;
}

const keys: readonly (readonly [names: readonly string[], what: string])[] = [
  [['\u2190', '\u2192', 'k', 'j'], 'previous and next picture'],
  [
    ['\u2191', '\u2193', 'Page \u2191', 'Page \u2193', 'Home', 'End'],
    'rows, screens, first and last picture',
  ],
  [['Enter'], 'open the picture'],
  [['Esc'], 'close it; leave a field'],
  [['+', '-', '0'], 'zoom in, out, whole picture (also: wheel, double click; drag moves it)'],
  [['t', 'p', 'm', 'n'], 'show or hide truth, predictions, masks and keypoints, names'],
  [['/'], 'search'],
  [['?'], 'this help'],
];
