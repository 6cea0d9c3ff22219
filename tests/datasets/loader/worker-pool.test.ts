import { WorkerPool } from '../../../datasets/loader/worker-pool';

const missing = {
  padded: { height: 32, width: 32 },
  pictures: [
    {
      imageId: 1,
      file: 'missing.png',
      size: { height: 9, width: 9 },
      resized: { height: 9, width: 9 },
      flip: false,
    },
  ],
};

test('closing fails the batches that are awaited', async () => {
  const pool = new WorkerPool(2);
  const loads = [pool.load(missing), pool.load(missing), pool.load(missing)];
  await pool.close();
  for (const load of loads) await expect(load).rejects.toThrow('the loader is closed');
});

test('a bug in a worker reaches whoever awaits the batch', async () => {
  const pool = new WorkerPool(1);
  await expect(pool.load({ ...missing, padded: { height: -1, width: 1 } })).rejects.toThrow(
    'Invalid array buffer length',
  );
  await pool.close();
});
