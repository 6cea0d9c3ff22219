import { spawn } from 'node:child_process';
import path from 'node:path';
import { freePort } from '../../../../tools/ranks/free-port';

const root = path.resolve(__dirname, '..', '..', '..', '..');

/** Joins a group of its own, and tries to connect to its server from two addresses of this machine. */
const CONNECT = `
  const { loadBinding } = require('./dist/detection/backend/node-library.js');
  loadBinding();
  const port = Number(process.argv[1]);
  const connect = (localAddress) => new Promise((resolve) => {
    const socket = require('node:net').connect({ host: '127.0.0.1', port, localAddress });
    socket.on('connect', () => resolve('connected')).on('error', (error) => resolve(error.code));
    setTimeout(() => resolve('nothing'), 500);
  });
  Promise.all(['127.0.0.1', '127.0.0.2'].map(connect)).then((ended) => {
    console.log(ended.join());
    process.exit();
  });`;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

function member(port: number, cluster: string, peers?: string): Promise<Ended> {
  const env = { ...process.env, FASTER_RCNN_CLUSTER: cluster, FASTER_RCNN_CLUSTER_PEERS: peers };
  const child = spawn(process.execPath, ['-e', CONNECT, String(port)], {
    ...{ cwd: root, env },
    ...{ timeout: 120_000, killSignal: 'SIGKILL' },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (text: Buffer) => (said[stream] += text.toString()));
  }
  return new Promise((resolve) => child.on('close', () => resolve(said)));
}

// That processes add up tensors, tests/tools/cli/ranks.test.ts shows.
test('the server of a process can be reached from the addresses of its group, and from no other', async () => {
  const port = await freePort();
  const cluster =
    `cluster { job { name: "worker" tasks { key: 0 value: "127.0.0.1:${port}" } } } job_name: "worker" ` +
    'task_index: 0 protocol: "grpc"';
  const { stdout } = await member(port, cluster, `${port} 127.0.0.1`);
  expect(stdout).toBe('connected,nothing\n');
});

test('what is no cluster is refused with a reason', async () => {
  const { stdout, stderr } = await member(0, 'two machines');
  expect(stdout).toBe('');
  expect(stderr).toContain(
    'Error: Exception creating TFE_Context: Invalid text proto for ServerDef: two machines',
  );
});
