import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolders } from './folders.mjs';

/** The owner touches its lock this often, in milliseconds. */
const HEARTBEAT = 5_000;
/** A lock that nobody has touched for this long belongs to a process that is gone, in milliseconds. */
const ABANDONED_AFTER = 60_000;
const POLL = 250;

/**
 * Does `work` while no other process does work under the same lock; waits for its turn. The lock of a process that
 * has died is taken over.
 *
 * @template T
 * @param {string} file the lock: one line, `host pid`
 * @param {import('./reporter.mjs').Reporter} reporter
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, reporter, work) {
  const own = `${os.hostname()} ${process.pid}`;
  let announced = false;
  while (!tryLock(file, own)) {
    const owner = readLock(file);
    if (owner === undefined) continue;
    if (isAbandoned(owner)) {
      removeAbandoned(file, owner);
      continue;
    }
    if (!announced) reporter.line(`another set-up is at work (process ${owner.pid}); waiting for it`);
    announced = true;
    await sleep(POLL);
  }
  const heartbeat = setInterval(() => fs.utimesSync(file, new Date(), new Date()), HEARTBEAT);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    fs.rmSync(file, { force: true });
  }
}

/**
 * @param {string} file
 * @param {string} content
 */
function tryLock(file, content) {
  makeFolders(path.dirname(file));
  try {
    fs.writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @typedef {{ content: string, host: string, pid: number, touched: number }} Lock
 * @param {string} file
 * @returns {Lock | undefined} undefined where the lock has just been released
 */
function readLock(file) {
  try {
    const content = fs.readFileSync(file, 'utf8');
    const [host = '', pid = ''] = content.split(' ');
    return { content, host, pid: Number(pid), touched: fs.statSync(file).mtimeMs };
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * A lock between its creation and the writing of its line has no host, and counts as another host's.
 * @param {Lock} owner
 */
function isAbandoned(owner) {
  if (Date.now() - owner.touched > ABANDONED_AFTER) return true;
  if (owner.host !== os.hostname()) return false;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}

/**
 * Of two processes that find the same abandoned lock, the slower one must not remove the lock that the faster one
 * has made meanwhile: it moves the lock aside, looks again, and puts it back if it is another's.
 * @param {string} file
 * @param {Lock} owner
 */
function removeAbandoned(file, owner) {
  const aside = `${file}.abandoned.${process.pid}`;
  try {
    fs.renameSync(file, aside);
    const moved = fs.readFileSync(aside, 'utf8');
    if (moved !== owner.content) fs.writeFileSync(file, moved, { flag: 'wx' });
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
}
