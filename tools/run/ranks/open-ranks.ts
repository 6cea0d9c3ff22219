import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { joinCluster } from '../../../detection/backend/node-cluster';
import { DivergenceError } from '../../../detection/engine/divergence-error';
import { ReplicaLostError, type Replicas } from '../../../detection/engine/replicas';
import { InputError } from '../../../detection/errors';
import { freePort } from '../../ranks/free-port';
import { joinedReplicas } from '../../ranks/joined-replicas';
import { LAST_WORD, launchRank } from '../../ranks/launch';
import type { Report } from '../../ranks/leader';
import type { Membership } from '../../ranks/membership';
import type { Hello } from '../../ranks/messages';
import { RankChannel, type Gathered } from '../../ranks/rank-channel';
import type { RankWorkerData } from '../../ranks/rank-worker';
import { TIMING } from '../../ranks/timing';
import { Interrupted } from '../../terminal/interruption';
import { pluralize } from '../../terminal/pluralize';
import { logLine } from '../../terminal/progress';
import { programVersion, statementOf, type RankTask } from './rank-task';

/** This process among those that train together. */
export interface Ranks {
  readonly rank: number;
  readonly size: number;
  /** Aborted where another rank is lost, with an InputError that says which and why as its reason. */
  readonly signal: AbortSignal;
  /** To be asked once, when the native library has been loaded. */
  replicas(): Replicas;
}

/**
 * Starts the other ranks on this machine, and runs rank 0 of them. They share its cores.
 *
 * @throws InputError where a rank is lost, and whatever `run` throws, which the others are told.
 */
export async function withLaunchedRanks<T>(
  size: number,
  task: RankTask,
  run: (ranks: Ranks) => Promise<T>,
): Promise<T> {
  const threads = Math.max(1, Math.floor(os.availableParallelism() / size));
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  logLine(
    `${size} ranks on this machine, ${pluralize(Number(process.env['TF_NUM_INTRAOP_THREADS']), 'thread')} each`,
  );
  const session = randomUUID();
  const host = '127.0.0.1';
  const place = {
    rank: 0,
    size,
    session,
    source: LAUNCHED,
    port: await freePort(),
    leader: { host, port: 0 },
  };
  const children: ChildProcess[] = [];
  const launch = async (port: number, fail: (error: Error) => void): Promise<void> => {
    for (let rank = 1; rank < size; rank++) {
      const own = { ...place, rank, leader: { host, port }, port: await freePort() };
      const onEnd = (how: string): void =>
        fail(
          new InputError('rank-start', `rank ${rank} of ${size} has ended before it could take part: ${how}`),
        );
      children.push(launchRank(RANK_PROCESS, own, onEnd));
    }
  };
  try {
    return await leadRanks(place, task, run, launch);
  } finally {
    // What they had to say they have said; one that hangs would stay for ever.
    for (const child of children) child.kill('SIGKILL');
  }
}

/** Whoever has been started by rank 0. */
const LAUNCHED = '--ranks';

const RANK_PROCESS = path.join(__dirname, `rank-process${path.extname(__filename)}`);

/**
 * Runs rank 0, when the others have come.
 *
 * @param launch starts them, if they do not start by themselves, when they can come to a port.
 */
export async function leadRanks<T>(
  place: Membership,
  task: RankTask,
  run: (ranks: Ranks) => Promise<T>,
  launch: (port: number, fail: (error: Error) => void) => Promise<void> = () => Promise.resolve(),
): Promise<T> {
  const own = helloOf(place, statementOf(task.configuration));
  const isLocal = isLoopback(place);
  const listen = { host: isLocal ? place.leader.host : undefined, port: place.leader.port };
  const leads = { own, listen, task: JSON.stringify(task), timing: TIMING };
  const gathered = await new Promise<Joined>((resolve, reject) => {
    const onReport = (report: Report): void => {
      if (report.kind === 'listening') launch(report.port, reject).catch(reject);
      if (report.kind === 'waiting' && place.source !== LAUNCHED) logLine(waitingLine(report.ranks, place));
    };
    RankChannel.open(workerData({ leads }), onReport).then(resolve, reject);
  });
  return runJoined(place, gathered, run);
}

/** Runs another rank, when all have come. */
export async function followRanks<T>(
  place: Membership,
  statement: Hello['statement'],
  run: (ranks: Ranks, task: RankTask) => Promise<T>,
): Promise<T> {
  // Whoever is started by rank 0 finds it there, or not at all.
  const isLaunched = place.source === LAUNCHED;
  const timing = isLaunched ? { ...TIMING, arrival: 0 } : TIMING;
  const follows = { own: helloOf(place, statement), leader: place.leader, timing };
  const gathered = await RankChannel.open(workerData({ follows }, isLaunched));
  return runJoined(place, gathered, (ranks) => run(ranks, JSON.parse(gathered.task) as RankTask));
}

type Joined = Gathered & { readonly channel: RankChannel };

async function runJoined<T>(
  { rank, size }: Membership,
  { channel, addresses }: Joined,
  run: (ranks: Ranks) => Promise<T>,
): Promise<T> {
  joinCluster({ rank, addresses });
  const { signal } = channel;
  try {
    const result = await run({ rank, size, signal, replicas: () => joinedReplicas(rank, size, channel) });
    await channel.close();
    return result;
  } catch (error) {
    await channel.close(isCommon(error) ? undefined : reasonOf(error));
    if (signal.aborted && error instanceof ReplicaLostError) throw signal.reason;
    if (error instanceof ReplicaLostError)
      throw new InputError('rank-lost', error.message, {}, { cause: error });
    throw error;
  }
}

/** What all ranks come to together. */
function isCommon(error: unknown): boolean {
  return (
    error instanceof Interrupted || error instanceof DivergenceError || error instanceof ReplicaLostError
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof InputError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Whether all ranks are on this machine. */
export function isLoopback({ leader }: Membership): boolean {
  return leader.host === 'localhost' || leader.host.startsWith('127.');
}

function helloOf({ rank, size, session, port }: Membership, statement: Hello['statement']): Hello {
  return {
    kind: 'hello',
    version: programVersion(),
    session,
    rank,
    size,
    host: os.hostname(),
    port,
    statement,
  };
}

function workerData(role: RankWorkerData['role'], isLaunched = false): RankWorkerData {
  return { role, lastWord: { descriptor: isLaunched ? LAST_WORD : 2, isForOrphans: isLaunched } };
}

function waitingLine(ranks: readonly number[], { size, leader }: Membership): string {
  return `waiting for rank ${ranks.join(', ')} of ${size}, to come to port ${leader.port} of this machine`;
}
