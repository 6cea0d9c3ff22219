import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The script of the page, which tools/setup/page-script.mjs bundles from `page/` beside the compiled sources. */
export function pageScript(): string {
  // Compiled code lies beside it; sources, run by jest, do not.
  const folder =
    path.extname(__filename) === '.ts' ? path.resolve(__dirname, '../../dist/tools/browse') : __dirname;
  return readFileSync(path.join(folder, 'page.bundle.js'), 'utf8');
}
