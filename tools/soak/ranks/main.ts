import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../../../detection/nn/random';
import { bytesOf, rankTrial, trainArguments } from './rank-faults';
import { PROGRAM, RankProcesses } from './rank-processes';

const HELP = `Usage: npm run soak:ranks [-- --trials N] [--ranks N] [--seed N]

Trains a tiny detector with several ranks on this machine, again and again; each time a rank is killed, hung or asked to stop at a
random moment. Checks that all others end within 15 s, that the user is told, and that the run, gone on with, comes to the
same bytes. See docs/cluster.md.
`;

async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      trials: { type: 'string', default: '30' },
      ranks: { type: 'string', default: '2' },
      seed: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rank-faults-'));
  try {
    const scenes = path.join(folder, 'scenes');
    const sizes = ['--num-train', '12', '--num-val', '1', '--size', '64'];
    execFileSync(process.execPath, [PROGRAM, 'synthesize', '--output', scenes, ...sizes], {
      stdio: 'ignore',
    });
    const options = { ranks: Number(values.ranks), scenes, iterations: 8 };
    const straight = path.join(folder, 'straight');
    const run = new RankProcesses(trainArguments(straight, options));
    if ((await run.ended) !== 0) throw new Error(run.stderr);
    const expected = bytesOf(straight);
    const random = new RandomStream(Number(values.seed), 'faults');
    let numBroken = 0;
    for (let k = 0; k < Number(values.trials); k++) {
      const output = path.join(folder, `trial${k}`);
      const { fault, rank, step, milliseconds, told, broken } = await rankTrial(
        output,
        options,
        random,
        expected,
      );
      const seconds = (milliseconds / 1000).toFixed(1);
      process.stdout.write(`${fault} of rank ${rank} after step ${step ?? 0}: ${seconds} s; ${told}\n`);
      for (const line of broken) process.stdout.write(`  BROKEN: ${line}\n`);
      numBroken += Number(broken.length > 0);
    }
    process.stdout.write(`${values.trials} faults, ${numBroken} with a broken promise\n`);
    return numBroken > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    process.stderr.write(`${String((error as Error).stack)}\n`);
    process.exitCode = 1;
  },
);
