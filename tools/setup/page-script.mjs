import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Bundles the script of the page of `rcnn browse` into one file for browsers, beside the compiled sources.
 * @param {string} root
 */
export async function bundlePageScript(root) {
  /** @type {typeof import('esbuild')} */
  const { build } = createRequire(path.join(root, 'package.json'))('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: ['tools/browse/page/main.ts'],
    outfile: 'dist/tools/browse/page.bundle.js',
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundlePageScript(process.cwd());
