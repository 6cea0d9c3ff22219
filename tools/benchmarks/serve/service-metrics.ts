import { HttpClient } from './http-client';

/** Metrics of a service by name, as its `/metrics` has them: those without labels. */
export async function readMetrics(url: string): Promise<ReadonlyMap<string, number>> {
  const client = new HttpClient(url);
  try {
    const { body } = await client.get('/metrics');
    const values = [...body.matchAll(/^(\w+) (\S+)$/gm)];
    return new Map(values.map(([, name, value]) => [name, Number(value)]));
  } finally {
    client.close();
  }
}

/** One of them. @throws Error where there is none of this name. */
export async function readMetric(url: string, name: string): Promise<number> {
  const value = (await readMetrics(url)).get(name);
  if (value === undefined) throw new Error(`${url}/metrics has no ${name}`);
  return value;
}
