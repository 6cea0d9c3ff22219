import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** What runs in browsers: the script of each, and its file below `dist`. */
const SCRIPTS = {
  'tools/browse/page.bundle': 'tools/browse/page/main.ts',
  'tools/page/client.bundle': 'tools/page/client/main.ts',
  'tools/page/worker.bundle': 'tools/page/worker/main.ts',
};

/**
 * Bundles the scripts of pages, each into one file for browsers, beside the compiled sources.
 * @param {string} root
 */
export async function bundlePageScripts(root) {
  /** @type {typeof import('esbuild')} */
  const { build } = createRequire(path.join(root, 'package.json'))('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: SCRIPTS,
    outdir: 'dist',
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundlePageScripts(process.cwd());
