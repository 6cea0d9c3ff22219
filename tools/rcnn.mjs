#!/usr/bin/env node
// `npx rcnn`: sees to it that the set-up is complete, then runs the command line in this process. `npx rcnn setup` is set-up alone.

import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from './setup/errors.mjs';
import { setUp } from './setup/set-up.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

// Nothing is to be said where nothing can be written. What a full disk means for results, the command line says.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const args = process.argv.slice(2);
const asksForHelp = args.length === 0 || args[0] === 'help' || args.includes('--help') || args.includes('-h');

/** @returns {Promise<boolean>} whether the command line can run */
async function prepare() {
  try {
    const failure = await setUp(root, { quiet: true, native: !asksForHelp });
    if (failure) console.error(`${messageOf(failure)}\nGoing on without it.\n`);
    return true;
  } catch (error) {
    const message = messageOf(error);
    if (message === undefined) throw error;
    console.error(message);
    return false;
  }
}

if (args[0] === 'setup') {
  process.argv.splice(2, 1);
  await import('./setup/main.mjs');
} else if (await prepare()) {
  process.setSourceMapsEnabled(true);
  /** @type {{ main(argv: string[]): Promise<number> }} */
  const { main } = createRequire(import.meta.url)(path.join(root, 'dist/tools/cli/main.js'));
  process.exitCode = await main(args);
} else {
  process.exitCode = 2;
}
