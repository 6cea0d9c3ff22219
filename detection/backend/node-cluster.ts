/** Sums over a group of processes: TensorFlow's collectives, those of tf.distribute.MultiWorkerMirroredStrategy. */
import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '#tfjs-node';
import { NativeOperations } from './node-operations';

const VARIABLES = { cluster: 'FASTER_RCNN_CLUSTER', peers: 'FASTER_RCNN_CLUSTER_PEERS' } as const;

/** The place of a process in a group. */
export interface ClusterPlace {
  /** Which of the processes this one is. */
  readonly rank: number;
  /** `IPv4 address:port` of each process' server, by rank. */
  readonly addresses: readonly string[];
}

/**
 * Makes this process one of a group; to be called before the native library is loaded, which then starts a server for the others.
 * Packets of addresses that are not in the group do not reach it.
 */
export function joinCluster({ rank, addresses }: ClusterPlace): void {
  const tasks = addresses.map((address, k) => `tasks { key: ${k} value: ${JSON.stringify(address)} }`);
  process.env[VARIABLES.cluster] =
    `cluster { job { name: "worker" ${tasks.join(' ')} } } job_name: "worker" task_index: ${rank} protocol: "grpc" ` +
    'default_session_config { experimental { collective_group_leader: "/job:worker/replica:0/task:0" } }';
  const parts = addresses.map((address) => address.split(':'));
  const hosts = new Set(parts.map(([host]) => host));
  // Of a process that is gone, TensorFlow says much; who it was, it does not know.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
  process.env[VARIABLES.peers] = [parts[rank][1], ...hosts].join(' ');
}

/** Adds up tensors of all processes of the group that this one has joined. The native library is loaded. */
export class ClusterSums {
  private readonly native = new NativeOperations(tf.backend() as NodeJSKernelBackend);
  /** What TensorFlow knows a sum by, which is bound to a type and a shape. */
  private readonly keys = new Map<string, number>();
  private last: Promise<unknown> = Promise.resolve();
  private isWaiting = false;

  constructor(private readonly size: number) {
    // They are not for programs that this one starts.
    for (const name of Object.values(VARIABLES)) delete process.env[name];
    // A sum that waits for others would keep the process from ending.
    process.once('exit', () => this.isWaiting && this.abort());
  }

  /**
   * The elementwise sum of one tensor of each process. One sum after the other: all processes ask for the same ones in the same
   * order. The caller disposes the result.
   *
   * @throws Error where another process has ended, or `abort` has been called.
   */
  sum(tensor: tf.Tensor): Promise<tf.Tensor> {
    const kind = `${tensor.dtype} ${tensor.shape.join('x')}`;
    const key = this.keys.get(kind) ?? this.keys.size + 1;
    this.keys.set(kind, key);
    const sum = this.last.then(() => this.sumNow(tensor, key));
    this.last = sum.catch(() => undefined);
    return sum;
  }

  private async sumNow(tensor: tf.Tensor, key: number): Promise<tf.Tensor> {
    this.isWaiting = true;
    try {
      return await this.native.sumOverCluster(tensor, this.size, key);
    } finally {
      this.isWaiting = false;
    }
  }

  /** Sums that are under way, and all that follow, fail. */
  abort(): void {
    this.native.abortCluster();
  }
}
