import { ClusterSums } from '../../detection/backend/node-cluster';
import { ReplicaLostError, type Replicas } from '../../detection/engine/replicas';
import { TIMING } from './timing';
import type { RankChannel } from './rank-channel';

/**
 * The ranks as the trainer knows them. The native library is loaded, and has joined the group.
 *
 * TensorFlow notices within milliseconds that a process has ended, but not always which one, and never that one hangs: who is lost is
 * for the channel to say.
 */
export function joinedReplicas(rank: number, size: number, channel: RankChannel): Replicas {
  const sums = new ClusterSums(size);
  const { signal } = channel;
  signal.addEventListener('abort', () => sums.abort(), { once: true });
  return {
    rank,
    size,
    sum: async (tensor) => {
      try {
        signal.throwIfAborted();
        return await sums.sum(tensor);
      } catch (error) {
        const lost = await channel.lostWithin(TIMING.silence + 2 * TIMING.beat);
        throw new ReplicaLostError((lost ?? (error as Error)).message, { cause: error });
      }
    },
  };
}
