/** A number, or the text of one that JSON does not have: NaN, Infinity. */
type JsonNumber = number | string;

/** What a replica has of a step, beside tensors. Lists by micro-batch have those of the replica in its order. */
export interface StepShare {
  /** By micro-batch. */
  readonly losses: readonly (readonly [name: string, value: number][])[];
  /** Positions, among trained parameters, of those that have no gradient. */
  readonly lacking: readonly number[];
  /** See StepBuffers.finishShare. */
  readonly written: readonly number[];
  /** By micro-batch; empty where nobody describes them. */
  readonly descriptions: readonly string[];
  /** What the model has put in the step. */
  readonly scalars: Readonly<Record<string, number>>;
}

/** How a replica leaves: it has no batches for another step, or has been asked to stop. */
export type Leaving = { readonly leaves: 'completed' | 'interrupted' };

/** A share, or how its replica leaves, as JSON holds it. */
export type StepMessage =
  | Leaving
  | {
      readonly losses: readonly (readonly (readonly [string, JsonNumber])[])[];
      readonly lacking: readonly number[];
      readonly written: readonly number[];
      readonly descriptions: readonly string[];
      readonly scalars: { readonly [name: string]: JsonNumber };
    };

/** A share as JSON holds it. */
export function messageOf({ losses, scalars, ...rest }: StepShare): StepMessage {
  return {
    ...rest,
    losses: losses.map((ofBatch) => ofBatch.map(([name, value]) => [name, written(value)] as const)),
    scalars: Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, written(value)])),
  };
}

/** The shares of all replicas, by rank; or how all leave, as soon as one does. */
export function sharesIn(messages: readonly StepMessage[]): readonly StepShare[] | Leaving {
  const leaving = messages.flatMap((message) => ('leaves' in message ? [message] : []));
  if (leaving.length > 0) return leaving.find(({ leaves }) => leaves === 'interrupted') ?? leaving[0];
  return messages.flatMap((message) => ('leaves' in message ? [] : [shareIn(message)]));
}

function shareIn({ losses, scalars, ...rest }: Exclude<StepMessage, Leaving>): StepShare {
  return {
    ...rest,
    losses: losses.map((ofBatch) => ofBatch.map(([name, value]): [string, number] => [name, Number(value)])),
    scalars: Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, Number(value)])),
  };
}

/** Lists by micro-batch, one of each replica, as one list in the order in which micro-batches are dealt out. */
export function inTurn<T>(lists: readonly (readonly T[])[]): T[] {
  return lists[0].flatMap((_, round) => lists.map((list) => list[round]));
}

/** Of the first micro-batch on: means, to which a batch that lacks a loss adds 0. */
export function meanLosses(
  losses: readonly (readonly (readonly [string, number])[])[],
): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [name, value] of losses.flat()) sums.set(name, (sums.get(name) ?? 0) + value);
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / losses.length]));
}

function written(value: number): JsonNumber {
  return Number.isFinite(value) ? value : String(value);
}
