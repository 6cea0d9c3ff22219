import { BatchQueue } from '../../../tools/serve/batch-queue';
import { rejectionOf } from '../../thrown';

/** Work that ends when it is told to. */
class Work {
  readonly batches: (readonly number[])[] = [];
  private ends: (() => void)[] = [];

  readonly run = (batch: readonly number[]): Promise<string[]> => {
    this.batches.push(batch);
    return new Promise((resolve, reject) => {
      this.ends.push(() =>
        batch.includes(-1) ? reject(new Error('it breaks')) : resolve(batch.map((item) => `answer ${item}`)),
      );
    });
  };

  /** Ends the first batch that is under way, and lets the next one begin. */
  async end(): Promise<void> {
    await turn();
    this.ends.shift()!();
    await turn();
  }
}

/** The queue waits for the end of the event loop's turn, as this does, twice. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

const never = new AbortController().signal;

test('batches of what waits, in order, one at a time', async () => {
  const work = new Work();
  const queue = new BatchQueue(work.run, 2);
  const answers = [1, 2, 3].map((item) => queue.add(item, never));
  await turn();
  expect(work.batches).toEqual([[1, 2]]);
  answers.push(queue.add(4, never), queue.add(5, never));
  expect(queue.length).toBe(3);
  await work.end();
  expect(work.batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
  await work.end();
  await work.end();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5].map((item) => `answer ${item}`));
  // It sleeps, and wakes up again.
  const last = queue.add(6, never);
  await work.end();
  expect(await last).toBe('answer 6');
});

test('what is aborted leaves the queue at once, and the others stay in their order', async () => {
  const work = new Work();
  const queue = new BatchQueue(work.run, 1);
  const controllers = [1, 2, 3].map(() => new AbortController());
  const [first, second, third] = controllers.map(({ signal }, k) => queue.add(k + 1, signal));
  await turn();
  controllers[1].abort(new Error('gone'));
  expect(await rejectionOf(second)).toEqual(new Error('gone'));
  expect(queue.length).toBe(1);
  // At work already: the answer is dropped.
  controllers[0].abort(new Error('gone, too'));
  expect(await rejectionOf(first)).toEqual(new Error('gone, too'));
  await work.end();
  await work.end();
  expect(await third).toBe('answer 3');
  expect(work.batches).toEqual([[1], [3]]);
  expect(await rejectionOf(queue.add(4, AbortSignal.abort(new Error('before'))))).toEqual(
    new Error('before'),
  );
  expect(queue.length).toBe(0);
});

test('a batch that fails tells all of its items, and the next one follows', async () => {
  const work = new Work();
  const queue = new BatchQueue(work.run, 2);
  const [first, second, third] = [-1, 2, 3].map((item) => queue.add(item, never));
  const failures = [rejectionOf(first), rejectionOf(second)];
  await work.end();
  expect(await Promise.all(failures)).toEqual([new Error('it breaks'), new Error('it breaks')]);
  await work.end();
  expect(await third).toBe('answer 3');
});
