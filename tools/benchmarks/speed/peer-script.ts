import { existsSync } from 'node:fs';
import path from 'node:path';

/** Of the clone: this file is tools/benchmarks/speed/peer-script.ts, or what it is compiled to, in dist. */
const root = ['../../..', '../../../..']
  .map((up) => path.join(__dirname, up))
  .find((folder) => existsSync(path.join(folder, 'package.json')))!;

/** A script of ours for the peers' Python. They are not compiled: they lie beside the sources. */
export function peerScript(name: string): string {
  return path.join(root, 'tools/benchmarks/peers', name);
}

/** The command line. */
export const rcnnProgram = path.join(root, 'tools/rcnn.mjs');
