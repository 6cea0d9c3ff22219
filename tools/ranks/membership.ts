import { InputError } from '../../detection/errors';
import { firstSlurmHost } from './slurm';

/** Where rank 0 listens for the others, and each rank's TensorFlow on the port after it, where nobody says otherwise. */
export const DEFAULT_PORT = 29400;

/** The place of this process among those that train together, as something else has set it. */
export interface Membership {
  readonly rank: number;
  readonly size: number;
  /** Where rank 0 is found. */
  readonly leader: { readonly host: string; readonly port: number };
  /** The port of this process' TensorFlow. */
  readonly port: number;
  /** What all ranks of one job say alike, and those of another do not. */
  readonly session: string;
  /** The variable that says so, for messages. */
  readonly source: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the environment says: FASTER_RCNN_HOSTS and FASTER_RCNN_RANK (or RANK), TF_CONFIG of Kubernetes' training operator, or the
 * variables that srun sets. Undefined where it says nothing, or that there is one process.
 *
 * @throws InputError where it contradicts itself.
 */
export function membershipOf(environment: Environment): Membership | undefined {
  const membership = fromHosts(environment) ?? fromTensorFlow(environment) ?? fromSlurm(environment);
  return membership && membership.size > 1 ? membership : undefined;
}

function fromHosts(environment: Environment): Membership | undefined {
  const source = 'FASTER_RCNN_HOSTS';
  const text = environment[source];
  if (text === undefined || text.trim() === '') return undefined;
  const hosts = text.split(',').map((host) => addressIn(host.trim(), source));
  const variable = environment['FASTER_RCNN_RANK'] === undefined ? 'RANK' : 'FASTER_RCNN_RANK';
  const rank = rankIn(environment[variable], hosts.length, variable, source);
  const { host, port = DEFAULT_PORT } = hosts[0];
  // The leader needs a second port.
  return {
    ...{ rank, size: hosts.length, leader: { host, port }, session: text, source },
    port: (hosts[rank].port ?? DEFAULT_PORT) + 1,
  };
}

function fromTensorFlow(environment: Environment): Membership | undefined {
  const source = 'TF_CONFIG';
  const text = environment[source];
  if (text === undefined || text.trim() === '') return undefined;
  const { cluster, task } = parsed(text, source);
  const chiefs = cluster['chief'] ?? cluster['master'] ?? [];
  const workers = [...chiefs, ...(cluster['worker'] ?? [])];
  if (task.type !== 'worker' && task.type !== 'chief' && task.type !== 'master') {
    throw refusal(source, `its task is of type ${JSON.stringify(task.type)}; chief and worker train`);
  }
  const rank = task.index + (task.type === 'worker' ? chiefs.length : 0);
  if (!(rank < workers.length))
    throw refusal(source, `it has ${workers.length} workers and no number ${rank}`);
  const addresses = workers.map((worker) => addressIn(worker, source));
  const { host, port = DEFAULT_PORT } = addresses[0];
  const own = addresses[rank].port ?? DEFAULT_PORT;
  // The ports that are named are TensorFlow's.
  return {
    ...{ rank, size: workers.length, leader: { host, port: port + 1 }, port: own },
    ...{ session: JSON.stringify(workers), source },
  };
}

/** Of srun's steps: a batch script, which has the job's variables too, is no rank. */
function fromSlurm(environment: Environment): Membership | undefined {
  const source = 'SLURM_PROCID';
  const [size, nodes] = [environment['SLURM_STEP_NUM_TASKS'], environment['SLURM_STEP_NODELIST']];
  if (environment[source] === undefined || size === undefined || nodes === undefined) return undefined;
  const count = Number(size);
  const rank = rankIn(environment[source], count, source, 'SLURM_STEP_NUM_TASKS');
  const job = Number(environment['SLURM_JOB_ID'] ?? 0);
  // Jobs that share a machine are to have ports of their own.
  const port = 20_000 + ((job * 16) % 10_000);
  const session = `${job}.${environment['SLURM_STEP_ID'] ?? 0}`;
  const local = Number(environment['SLURM_LOCALID'] ?? 0);
  return {
    ...{ rank, size: count, leader: { host: firstSlurmHost(nodes), port }, session, source },
    port: port + 1 + local,
  };
}

function addressIn(text: string, source: string): { host: string; port?: number } {
  const { host, port } = /^(?<host>[\w.-]+)(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {};
  if (host === undefined || Number(port ?? 1) > 65_534) {
    throw refusal(source, `${JSON.stringify(text)} is no host, or HOST:PORT`);
  }
  return { host, ...(port !== undefined && { port: Number(port) }) };
}

function rankIn(text: string | undefined, size: number, variable: string, source: string): number {
  const rank = Number(text);
  if (text !== undefined && text.trim() !== '' && Number.isInteger(rank) && rank >= 0 && rank < size)
    return rank;
  const given = text === undefined ? 'is not set' : `is ${JSON.stringify(text)}`;
  throw new InputError(
    'rank-environment',
    `${variable} ${given}; with ${source} it says which of the ${size} ranks this process is, from 0 to ${size - 1}`,
    { variable, value: text },
  );
}

interface TensorFlowConfiguration {
  readonly cluster: Readonly<Record<string, readonly string[] | undefined>>;
  readonly task: { readonly type: unknown; readonly index: number };
}

function parsed(text: string, source: string): TensorFlowConfiguration {
  try {
    const { cluster, task } = JSON.parse(text) as Partial<TensorFlowConfiguration>;
    const isIndex = Number.isInteger(Number(task?.index));
    if (cluster && task && isIndex) return { cluster, task: { type: task.type, index: Number(task.index) } };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw refusal(source, 'it is no JSON with cluster and task, as TensorFlow reads it');
}

function refusal(source: string, reason: string): InputError {
  return new InputError('rank-environment', `${source}: ${reason}`, { variable: source });
}
