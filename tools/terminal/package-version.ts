import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The version of this program. */
export function packageVersion(): string {
  // From tools/terminal/ in the sources, from dist/tools/terminal/ when compiled.
  for (const up of ['../..', '../../..']) {
    try {
      const file = path.join(__dirname, up, 'package.json');
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    } catch {
      // Not there: one further up.
    }
  }
  return 'unknown';
}
