import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');
const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8');
const [, , last] = dockerfile.split(/^FROM /m);

test('the image takes from its first stage what runs, and runs it as nobody special', () => {
  const lines = last.trim().split('\n');
  const sources = lines.flatMap((line) => /^COPY --from=build (?:--chown=\S+ )?(\S+) /.exec(line)?.[1] ?? []);
  expect(sources).toEqual(['/opt/faster-rcnn', '/app']);
  expect(lines.filter((line) => /^(RUN|ADD|COPY (?!--from))/.test(line))).toEqual([]);
  expect(lines).toContain('USER node');
  expect(lines.indexOf('USER node')).toBeLessThan(lines.findIndex((line) => line.startsWith('ENTRYPOINT')));
});

test('its Node is one that the package runs on, of a fixed major version', () => {
  const [, major] = /^ARG NODE=(\d+)-[\w-]+-slim$/m.exec(dockerfile) ?? [];
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  expect(Number(major)).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines.node)![0]));
});

test('what is built elsewhere, and what is nobody’s business, does not get into the build', () => {
  const ignored = readFileSync(path.join(root, '.dockerignore'), 'utf8').trim().split('\n');
  for (const name of ['.git', 'dist', 'node_modules', 'runs']) expect(ignored).toContain(name);
});
