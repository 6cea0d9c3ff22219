/** Parts of pages that are one file with scripts of their own. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Markup } from './html';

/** The hash of a policy is that of what stands between the tags, to the byte. */
export function inline(start: string, text: string, end: string): Markup {
  return new Markup(start + text + end);
}

/** Data for the page's script: JSON in which no markup begins. */
export function inlineJson(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replaceAll('<', '\\u003c');
  return inline(`<script type="application/json" id="${id}">`, json, '</script>');
}

/** What a page's policy (CSP) calls a script or a style that stands in it. */
export function policyHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** A script that tools/setup/page-scripts.mjs has bundled for browsers. @param file below `dist`: `tools/browse/page.bundle.js` */
export function bundledScript(file: string): string {
  // Compiled code lies in dist itself; sources, run by jest, beside it.
  const root = path.resolve(__dirname, '../..');
  return readFileSync(
    path.join(path.extname(__filename) === '.ts' ? path.join(root, 'dist') : root, file),
    'utf8',
  );
}
