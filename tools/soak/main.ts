import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../../detection/errors';
import { makeFolders } from '../../detection/files/make-folders';
import { writeWholeFile } from '../../detection/files/whole-file';
import { checkSoak } from './checks';
import { SmallDisk, runWithSmallDisk, smallDiskObstacle } from './small-disk';
import { FULL_MINUTES, soak } from './soak';
import { soakPage } from './soak-page';

const HELP = `Usage: npm run soak [-- --minutes N] [--seed N] [--output DIR]

Trains a small detector for ${FULL_MINUTES} minutes with rcnn train while pictures break, threads and processes are killed, the disk
is full and checkpoints are damaged; then trains it once more undisturbed, and checks that nothing was lost: that both
runs are equal to the bit, that memory stays flat, that each refusal is one clear message. See docs/soak.md.

  --minutes N   of training under faults (${FULL_MINUTES}); the undisturbed run takes about half as long again.
                Fewer may not show whether memory grows
  --seed N      of the faults, the scenes and the training (0)
  --output DIR  a folder to make: report soak.html, recording soak.json, the runs (runs/soak)
`;

/** Set in the process that finds the small disk. */
const ON_DISK = 'FASTER_RCNN_SOAK_DISK';

interface MainOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly output: string;
}

function optionsOf(argv: readonly string[]): MainOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: String(FULL_MINUTES) },
      seed: { type: 'string', default: '0' },
      output: { type: 'string', default: path.join('runs', 'soak') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!(minutes > 0 && Number.isFinite(minutes)))
    throw new InputError('option-value', `--minutes ${values.minutes}: no number of minutes`, {
      option: '--minutes',
      value: values.minutes,
    });
  if (!Number.isInteger(seed) || seed < 0)
    throw new InputError('option-value', `--seed ${values.seed}: no whole number from 0 on`, {
      option: '--seed',
      value: values.seed,
    });
  return { minutes, seed, output: path.resolve(values.output) };
}

/** The exit status: 0 where every promise was kept, 1 where one was broken. */
async function run(
  { minutes, seed, output }: MainOptions,
  diskObstacle: string | undefined,
): Promise<number> {
  const recording = await soak({
    seed,
    minutes,
    output,
    disk: diskObstacle === undefined ? new SmallDisk(path.join(output, 'disk')) : undefined,
    impossible:
      diskObstacle === undefined
        ? []
        : [{ kind: 'full disk', reason: `no small disk can be had: ${diskObstacle}` }],
    logLine: (line) => process.stderr.write(`${line}\n`),
  });
  const checks = checkSoak(recording);
  writeWholeFile(path.join(output, 'soak.json'), `${JSON.stringify(recording)}\n`);
  const page = path.join(output, 'soak.html');
  writeWholeFile(page, soakPage(recording, checks));
  for (const { promise, verdict, found } of checks)
    process.stdout.write(`${verdict}: ${promise} (${found})\n`);
  process.stdout.write(`report: ${page}\n`);
  return checks.some(({ verdict }) => verdict === 'broken') ? 1 : 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const disk = path.join(options.output, 'disk');
  if (process.env[ON_DISK] !== undefined) return run(options, undefined);
  if (existsSync(options.output) && readdirSync(options.output).length > 0) {
    throw new InputError(
      'output-not-empty',
      `${options.output}: is not empty; choose another folder with --output`,
      { folder: options.output },
    );
  }
  makeFolders(disk);
  const diskObstacle = smallDiskObstacle(disk);
  if (diskObstacle !== undefined) return run(options, diskObstacle);
  process.env[ON_DISK] = disk;
  return runWithSmallDisk(disk, [__filename, ...argv]);
}

process.once('SIGINT', () => process.exit(130));
main(process.argv.slice(2)).then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    const isRefusal = error instanceof InputError || (error instanceof TypeError && 'code' in error);
    process.stderr.write(`${isRefusal ? error.message : String((error as Error).stack)}\n`);
    process.exitCode = isRefusal ? 2 : 1;
  },
);
