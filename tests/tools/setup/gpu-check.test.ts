import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { casesNamed } from '../../../tools/benchmarks/speed/speed-cases';

const root = path.resolve(__dirname, '../../..');
const script = readFileSync(path.join(root, 'tools/setup/gpu-check.mjs'), 'utf8');

test('gpu-check names tests and cases that exist', () => {
  const [, models] =
    /\[([^\][]*)\]\.map\(\s*\(name\) => `tests\/detection\/modeling\/\$\{name\}\.test\.ts`/.exec(script)!;
  const names = [...models.matchAll(/'([\w-]+)'/g)].map(
    ([, name]) => `tests/detection/modeling/${name}.test.ts`,
  );
  expect(names).toHaveLength(6);
  for (const name of [
    ...names,
    'tests/detection/ops',
    'tests/parity/drawn.test.ts',
    'tests/parity/photos.large.ts',
  ]) {
    expect([name, existsSync(path.join(root, name))]).toEqual([name, true]);
  }
  const cases = [...script.matchAll(/'((?:train|infer)-[\w-]+)'/g)].map(([, name]) => name);
  expect(casesNamed(cases)).toHaveLength(2);
});
