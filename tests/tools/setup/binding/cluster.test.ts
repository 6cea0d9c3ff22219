import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';

const root = path.resolve(__dirname, '..', '..', '..', '..');

/** A port that nobody listens on right now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Adds up [1, 2] of the first process, [2, 4] of the second, and so on. */
const REDUCE = `
  const binding = require(require('./tools/setup/native-paths.cjs').bindingFile());
  const { TF_FLOAT, TF_INT32 } = binding;
  const scalar = (value) => binding.createTensor([], TF_INT32, Int32Array.of(value));
  const [rank, size] = process.argv.slice(1).map(Number);
  const own = binding.createTensor([2], TF_FLOAT, Float32Array.of(1 + rank, 2 * (1 + rank)));
  const attribute = (type) => (name, value) => ({ name, type: binding['TF_ATTR_' + type], value });
  const [type, int, string] = ['TYPE', 'INT', 'STRING'].map(attribute);
  const attributes = [type('T', TF_FLOAT), int('Nordering_token', 0), string('merge_op', 'Add'), string('final_op', 'Id')];
  const [sum] = binding.executeOp('CollectiveReduceV2', attributes, [own, scalar(size), scalar(1), scalar(1)], 1);
  console.log(binding.tensorDataSync(sum.id).join());
  process.exit();`;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

function member(rank: number, size: number, cluster: string): Promise<Ended> {
  const env = { ...process.env, FASTER_RCNN_CLUSTER: cluster };
  const child = spawn(process.execPath, ['-e', REDUCE, String(rank), String(size)], {
    ...{ cwd: root, env },
    // One that waits for another in vain waits for ever.
    ...{ timeout: 120_000, killSignal: 'SIGKILL' },
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (text: Buffer) => (said[stream] += text.toString()));
  }
  return new Promise((resolve) => child.on('close', () => resolve(said)));
}

test('two processes that are named to each other add up their tensors', async () => {
  const ports = [await freePort(), await freePort()];
  const tasks = ports.map((port, rank) => `tasks { key: ${rank} value: "127.0.0.1:${port}" }`);
  const cluster = (rank: number): string =>
    `cluster { job { name: "worker" ${tasks.join(' ')} } } job_name: "worker" task_index: ${rank} protocol: "grpc" ` +
    'default_session_config { experimental { collective_group_leader: "/job:worker/replica:0/task:0" } }';
  const ended = await Promise.all(ports.map((_, rank) => member(rank, ports.length, cluster(rank))));
  expect(ended.map(({ stdout }) => stdout)).toEqual(['3,6\n', '3,6\n']);
});

test('what is no cluster is refused with a reason', async () => {
  const { stdout, stderr } = await member(0, 1, 'two machines');
  expect(stdout).toBe('');
  expect(stderr).toContain(
    'Error: Exception creating TFE_Context: Invalid text proto for ServerDef: two machines',
  );
});
