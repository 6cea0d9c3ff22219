import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { vendorTfjsNode } from './binding/vendor.mjs';
import { runCommand } from './command.mjs';
import { SetupError } from './errors.mjs';
import { requireWritable } from './folders.mjs';
import { bundlePageScripts } from './page-scripts.mjs';

const PROJECT = 'tsconfig.build.json';
/** What is taken along of tfjs-node, and how. */
const BINDING = 'tools/setup/binding';
const PAGE_SCRIPTS = 'tools/setup/page-scripts.mjs';
/** Written after a build without errors: the state of the sources that it compiled. */
const STAMP = 'dist/.sources';

/**
 * Whether dist/ was compiled from the sources as they are now.
 * @param {string} root of the clone
 */
export function isBuilt(root) {
  const stamp = path.join(root, STAMP);
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === sourcesState(root);
}

/**
 * Compiles the TypeScript sources to dist/.
 * @param {string} root
 * @param {import('./reporter.mjs').Reporter} reporter
 * @throws {SetupError}
 */
export async function build(root, reporter) {
  await reporter.step('compiling the TypeScript sources', async () => {
    requireWritable(path.join(root, 'dist'), 'the sources are to be compiled anew');
    const state = sourcesState(root);
    await vendorTfjsNode(root);
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
    const { status, output } = await runCommand(process.execPath, [compiler, '-p', PROJECT], { cwd: root });
    if (status !== 0) {
      throw new SetupError(
        `The TypeScript sources do not compile:\n${output.trimEnd()}\n` +
          'Undo or mend what was changed in them (git status shows it), then run set-up again.',
      );
    }
    await bundlePageScripts(root);
    fs.writeFileSync(path.join(root, STAMP), state);
  });
}

/**
 * A hash of the sources, those of the binding included, and the compiler's settings. Not of their times, which a copy of the
 * clone has of its own: reading all of them takes 15 ms.
 * @param {string} root
 */
function sourcesState(root) {
  /** @type {{ include: string[] }} */
  const { include } = JSON.parse(fs.readFileSync(path.join(root, PROJECT), 'utf8'));
  const folders = include.filter((folder) => fs.existsSync(path.join(root, folder)));
  const files = folders.flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true })
      .map((name) => path.join(folder, String(name))),
  );
  const hash = createHash('sha256');
  const binding = fs.readdirSync(path.join(root, BINDING)).map((name) => path.join(BINDING, name));
  const sources = [...files.filter((name) => name.endsWith('.ts')), ...binding].sort();
  for (const file of [...sources, PAGE_SCRIPTS, 'package-lock.json', 'tsconfig.json', PROJECT]) {
    const content = fs.readFileSync(path.join(root, file));
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}
