import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { lastLines, runCommand } from './command.mjs';
import { WHEEL_ENTRIES, WHEEL_TAGS } from './constants.mjs';
import { NativeLibraryError } from './errors.mjs';
import paths from './native-paths.cjs';

/** @typedef {import('./libraries.cjs').Library} Library */

/** Written last, so a folder that has it is whole. */
const MANIFEST = 'manifest.json';

/** Unpacks the entries whose names start with one of the given prefixes, and notes the size of each. */
const UNPACK = `
import json, sys, zipfile
wheel, folder, manifest, *prefixes = sys.argv[1:]
sizes = {}
try:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith(tuple(prefixes)) and not entry.is_dir():
                archive.extract(entry, folder)
                sizes[entry.filename] = entry.file_size
    with open(manifest, "w") as file:
        json.dump(sizes, file)
except (OSError, zipfile.BadZipFile) as error:
    sys.exit(str(error))
`;

/**
 * Whether the library is in the cache, each file as long as it was in the wheel.
 * @param {Library} library
 */
export function hasLibrary(library) {
  const folder = paths.libraryFolder(library);
  try {
    /** @type {Record<string, number>} */
    const sizes = JSON.parse(fs.readFileSync(path.join(folder, MANIFEST), 'utf8'));
    return Object.entries(sizes).every(
      ([file, size]) => fs.statSync(path.join(folder, file), { throwIfNoEntry: false })?.size === size,
    );
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT' || error instanceof SyntaxError)
      return false;
    throw error;
  }
}

/**
 * Downloads the wheel with pip, checks its hash, and unpacks what the binding needs. All of it happens in a folder
 * beside the final one, which takes its place by a rename.
 *
 * @param {Library} library
 * @param {import('./reporter.mjs').Reporter} reporter
 * @throws {NativeLibraryError}
 */
export async function fetchLibrary(library, reporter) {
  const folder = paths.libraryFolder(library);
  const partial = `${folder}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  checkSpace(path.dirname(folder), library.neededBytes);
  await checkPip();
  try {
    const unpacked = path.join(partial, 'unpacked');
    fs.mkdirSync(unpacked, { recursive: true });
    await reporter.step(`downloading ${library.requirement} with pip`, () =>
      download(library, partial, reporter),
    );
    const wheel = path.join(partial, wheelName(library));
    await reporter.step('checking and unpacking the library', async () => {
      await checkHash(wheel, library);
      await unpack(wheel, unpacked);
    });
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(unpacked, folder);
  } finally {
    fs.rmSync(partial, { recursive: true, force: true });
  }
}

/** @param {Library} library */
function wheelName({ requirement, platform }) {
  const [name, version] = requirement.split('==');
  return `${name.replace('-', '_')}-${version}-cp311-cp311-${platform}.whl`;
}

/**
 * @param {string} cache
 * @param {number} neededBytes
 */
function checkSpace(cache, neededBytes) {
  const { bavail, bsize } = fs.statfsSync(cache);
  if (bavail * bsize < neededBytes)
    throw spaceError(cache, `${formatBytes(bavail * bsize)} are free`, neededBytes);
}

/**
 * @param {string} folder
 * @param {string} found
 * @param {number} neededBytes
 */
function spaceError(folder, found, neededBytes) {
  return new NativeLibraryError(
    `Not enough disk space in ${folder}: ${found}, ${formatBytes(neededBytes)} are needed.\n` +
      'Free some, or name a folder on another disk in the environment variable FASTER_RCNN_CACHE.',
  );
}

async function checkPip() {
  const { found, status, output } = await runCommand('python3', ['-m', 'pip', '--version']);
  if (!found) {
    throw new NativeLibraryError(
      'python3 was not found; it fetches the native library from the Python Package Index.\n' +
        'Install it together with pip (Debian, Ubuntu: apt-get install python3 python3-pip).',
    );
  }
  if (status !== 0) {
    throw new NativeLibraryError(
      `python3 has no working pip; it fetches the native library.\n${lastLines(output, 2)}\n` +
        'Install it (Debian, Ubuntu: apt-get install python3-pip; elsewhere: python3 -m ensurepip).',
    );
  }
}

/**
 * @param {Library} library
 * @param {string} folder where the wheel comes to lie
 * @param {import('./reporter.mjs').Reporter} reporter
 */
async function download(library, folder, reporter) {
  // pip's own progress differs between its versions and is silent in a pipe: watch what it has written instead.
  const temporary = path.join(folder, 'pip');
  fs.mkdirSync(temporary);
  const watch = setInterval(() => {
    const bytes = Math.min(largestFile(folder), library.wheelBytes);
    reporter.progress(`${formatBytes(bytes)} of ${formatBytes(library.wheelBytes)}`);
  }, 500);
  const options = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--quiet', '--dest', folder];
  const result = await runCommand(
    'python3',
    [
      ...['-m', 'pip', 'download', ...options, ...WHEEL_TAGS],
      `--platform=${library.platform}`,
      library.requirement,
    ],
    { env: { ...process.env, TMPDIR: temporary } },
  ).finally(() => clearInterval(watch));
  fs.rmSync(temporary, { recursive: true, force: true });
  if (/No space left on device/.test(result.output)) {
    throw spaceError(folder, 'the disk is full', library.neededBytes);
  }
  if (result.status !== 0 || !fs.existsSync(path.join(folder, wheelName(library)))) {
    throw new NativeLibraryError(
      `pip could not download ${library.requirement} (${wheelName(library)}):\n${lastLines(result.output, 4)}\n` +
        'Check the network and the index that pip uses (python3 -m pip config list), then run set-up again.',
    );
  }
}

/**
 * The size of the largest file in a folder that another process works in.
 * @param {string} folder
 */
function largestFile(folder) {
  let largest = 0;
  try {
    for (const name of fs.readdirSync(folder, { recursive: true })) {
      largest = Math.max(largest, fs.statSync(path.join(folder, String(name))).size);
    }
  } catch (error) {
    // What has been listed may be gone a moment later.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
  return largest;
}

/**
 * @param {string} wheel
 * @param {Library} library
 */
async function checkHash(wheel, library) {
  const hash = createHash('sha256');
  await pipeline(fs.createReadStream(wheel, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest('hex');
  if (found !== library.sha256) {
    throw new NativeLibraryError(
      `The downloaded ${wheelName(library)} is not the file that this version was built with:\n` +
        `    its SHA-256 is  ${found}\n    it should be    ${library.sha256}\n` +
        'It has been deleted. Run set-up again; if it stays so, check the index that pip uses (python3 -m pip config list).',
    );
  }
}

/**
 * @param {string} wheel
 * @param {string} folder
 */
async function unpack(wheel, folder) {
  const manifest = path.join(folder, MANIFEST);
  const { status, output } = await runCommand('python3', [
    '-c',
    UNPACK,
    wheel,
    folder,
    manifest,
    ...WHEEL_ENTRIES,
  ]);
  if (status !== 0) {
    throw new NativeLibraryError(
      `${path.basename(wheel)} could not be unpacked into ${folder}:\n${lastLines(output)}\n` +
        'Check the disk (space, rights), then run set-up again.',
    );
  }
}

/** @param {number} bytes */
function formatBytes(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
