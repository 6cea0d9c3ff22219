import fs from 'node:fs';
import path from 'node:path';
import { lastLines, runCommand } from './command.mjs';
import { SetupError } from './errors.mjs';
import { requireWritable } from './folders.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage
 * @param {string} file
 * @returns {[string, LockedPackage][]} the packages of a lock file by their folder, the project itself left out
 */
function lockedPackages(file) {
  return Object.entries(JSON.parse(fs.readFileSync(file, 'utf8')).packages).filter(
    ([folder]) => folder !== '',
  );
}

/**
 * Whether node_modules holds what package-lock.json asks for, going by the list that npm leaves there when it has
 * finished. Optional packages (other platforms' binaries) may be missing.
 * @param {string} root of the clone
 */
export function hasPackages(root) {
  const list = path.join(root, 'node_modules/.package-lock.json');
  if (!fs.existsSync(list)) return false;
  const installed = new Map(lockedPackages(list));
  return lockedPackages(path.join(root, 'package-lock.json')).every(([folder, wanted]) => {
    const found = installed.get(folder);
    return found ? found.version === wanted.version && found.integrity === wanted.integrity : wanted.optional;
  });
}

/**
 * Installs the packages of package-lock.json; .npmrc sees to it that none of them runs a script.
 * @param {string} root
 * @param {import('./reporter.mjs').Reporter} reporter
 * @throws {SetupError}
 */
export async function installPackages(root, reporter) {
  await reporter.step('installing the npm packages with npm ci', async () => {
    requireWritable(path.join(root, 'node_modules'), 'the npm packages are to be installed anew');
    let fetched = 0;
    const { found, status, output } = await runCommand(
      'npm',
      ['ci', '--no-audit', '--no-fund', '--loglevel=http'],
      {
        cwd: root,
        onLine: (line) => {
          if (/^npm http (fetch|cache) .*\.tgz/.test(line))
            reporter.progress(`${++fetched} ${fetched === 1 ? 'package' : 'packages'} fetched`);
        },
      },
    );
    if (!found) {
      throw new SetupError(
        'npm was not found; it installs the packages that everything here needs.\n' +
          'Install it (it comes with Node from nodejs.org; Debian, Ubuntu: apt-get install npm).',
      );
    }
    if (status !== 0) {
      const errors = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
      throw new SetupError(
        `npm ci failed:\n${lastLines(errors.length > 0 ? errors.join('\n') : output)}\n` +
          'Check the network, the disk and the registry that npm uses (npm config get registry), then run set-up again.',
      );
    }
    linkCommand(root);
  });
}

/**
 * Lets `npx rcnn` find the project's own command at once. Without the link npx finds it too, but first installs the
 * clone into npm's cache.
 * @param {string} root
 */
function linkCommand(root) {
  if (process.platform === 'win32') return;
  const link = path.join(root, 'node_modules/.bin/rcnn');
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.rmSync(link, { force: true });
  fs.symlinkSync('../../tools/rcnn.mjs', link);
}
