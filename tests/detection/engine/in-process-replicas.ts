import * as tf from '@tensorflow/tfjs-core';
import { ReplicaLostError, type Replicas } from '../../../detection/engine/replicas';

interface Exchange {
  readonly parts: Map<number, tf.Tensor>;
  readonly waiting: Map<number, { resolve: (sum: tf.Tensor) => void; reject: (error: Error) => void }>;
}

/** Replicas in one process, which take turns wherever one waits for the others; each can be lost. */
export class InProcessReplicas {
  readonly members: readonly Replicas[];
  /** Shapes of what has been added up. */
  readonly shapes: string[] = [];
  private readonly exchanges: Exchange[] = [];
  private readonly asked: number[];
  private isLost = false;

  constructor(readonly size: number) {
    this.asked = new Array<number>(size).fill(0);
    this.members = Array.from({ length: size }, (_, rank) => ({
      rank,
      size,
      sum: (tensor: tf.Tensor) => this.sum(rank, tensor),
    }));
  }

  /** One has ended: nobody can add up any more. */
  lose(): void {
    this.isLost = true;
    for (const { waiting } of this.exchanges) {
      for (const { reject } of waiting.values()) reject(new ReplicaLostError('lost'));
      waiting.clear();
    }
  }

  private sum(rank: number, tensor: tf.Tensor): Promise<tf.Tensor> {
    if (this.isLost) return Promise.reject(new ReplicaLostError('lost'));
    const turn = this.asked[rank]++;
    const exchange = (this.exchanges[turn] ??= { parts: new Map(), waiting: new Map() });
    exchange.parts.set(rank, tensor);
    return new Promise((resolve, reject) => {
      exchange.waiting.set(rank, { resolve, reject });
      if (exchange.parts.size === this.size) this.finish(exchange);
    });
  }

  /** Adds up by rank, as collectives do of two. */
  private finish({ parts, waiting }: Exchange): void {
    const inOrder = this.members.map(({ rank }) => parts.get(rank)!);
    const kinds = new Set(inOrder.map(({ shape, dtype }) => `${dtype} ${shape.join('x')}`));
    if (kinds.size > 1) throw new Error(`replicas add up different things: ${[...kinds].join(', ')}`);
    this.shapes.push(...kinds);
    const total = tf.tidy(() => inOrder.reduce((sum, part) => tf.add(sum, part)));
    for (const { resolve } of waiting.values()) resolve(total.clone());
    waiting.clear();
    total.dispose();
  }
}
