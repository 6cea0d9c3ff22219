import type { AddressInfo } from 'node:net';
import { loadBackend } from '../../../../detection/backend/node';
import { bomb, faultKinds } from '../../../../tools/benchmarks/serve/faulty-clients';
import { quantile } from '../../../../tools/benchmarks/serve/measure-load';
import { growthIn } from '../../../../tools/benchmarks/serve/run-faults';
import { readMetric } from '../../../../tools/benchmarks/serve/service-metrics';
import { until } from '../../../until';
import { Printed } from '../../cli/printed';
import { paintedFile, paintedService } from '../../serve/painted-service';

const printed = new Printed();
/** They take seconds, or megabytes. */
const long = ['slow', 'too large'];

test('each kind of fault gets the answer that it has to get, and nothing is left behind', async () => {
  await loadBackend();
  const { app, service } = await paintedService();
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const picture = await paintedFile();
  for (const { name, statuses, send } of faultKinds.filter((kind) => !long.includes(kind.name))) {
    expect([name, await send(url, picture)]).toEqual([name, statuses[0]]);
  }
  await until(() => service.taken === 0);
  expect(await readMetric(url, 'rcnn_queue_length')).toBe(0);
  expect(await readMetric(url, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
  await app.close();
  expect(bomb().length).toBeLessThan(100);
  expect(printed.stderr).toBe('');
});

test('growth of memory, and of tensors, is told', () => {
  const samples = Array.from({ length: 90 }, (_, seconds) => ({ seconds, memory: 1e9, tensors: 170 }));
  expect(growthIn(samples)).toEqual([]);
  const warmedUp = samples.map((sample) =>
    sample.seconds < 30 ? { ...sample, memory: 1e8, tensors: 0 } : sample,
  );
  expect(growthIn(warmedUp)).toEqual([]);
  const leaking = samples.map((sample) => ({
    ...sample,
    memory: 1e9 + 1e7 * sample.seconds,
    tensors: 170 + Math.floor(sample.seconds / 80),
  }));
  expect(growthIn(leaking)).toEqual([
    'numbers of tensors after a batch: 170, 171',
    'memory has grown from 1440 MB to 1740 MB',
  ]);
});

test('quantiles of times', () => {
  const values = Array.from({ length: 100 }, (_, k) => 100 - k);
  expect([0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([50, 95, 100]);
  expect(quantile([], 0.5)).toBeNaN();
});
