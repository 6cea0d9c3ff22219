import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from './errors.mjs';
import { setUp } from './set-up.mjs';

const HELP = `Usage: npx rcnn setup [--gpu | --cpu] [--quiet]
       npm run setup [-- --gpu | --cpu] [--quiet]     in a clone

Fetches TensorFlow's native library and puts the binding beside it; in a clone, it installs the npm packages and
compiles the sources first. Runs in seconds when all is there. The library is kept in ~/.cache/faster-rcnn, or in the folder that
the environment variable FASTER_RCNN_CACHE names.

  --gpu    take TensorFlow's CUDA build from now on (see CONTRIBUTING.md; not run on a GPU yet)
  --cpu    take the CPU build again (it is the default)
  --quiet  say nothing of what is there already
`;

try {
  const { values } = parseArgs({
    options: {
      gpu: { type: 'boolean', default: false },
      cpu: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
  } else {
    const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
    const variant = values.gpu ? 'gpu' : values.cpu ? 'cpu' : undefined;
    const failure = await setUp(root, { variant, quiet: values.quiet });
    if (failure) throw failure;
    if (values.gpu) {
      console.error(
        'set-up: the CUDA build is in place. This project has not run on a GPU yet. The CUDA libraries come from\n' +
          '  python3 -m pip install "tensorflow[and-cuda]==2.21.0"   and LD_LIBRARY_PATH must name their folders.',
      );
    }
  }
} catch (error) {
  const message = messageOf(error);
  if (message === undefined) throw error;
  console.error(message);
  process.exitCode = 2;
}
