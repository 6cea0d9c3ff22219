import os from 'node:os';
import { backend, getBackend, version_core } from '@tensorflow/tfjs-core';
import { formatBytes } from '../terminal/format-bytes';
import { packageVersion } from '../terminal/package-version';

/** What a run ran on: versions and hardware, for its report. */
export function describeEnvironment(): [name: string, value: string][] {
  const cpus = os.cpus();
  const threads = process.env['TF_NUM_INTRAOP_THREADS'] ?? 'all';
  return [
    ['faster-rcnn', packageVersion()],
    ['Node', process.versions.node],
    ['TensorFlow.js', `${version_core}, backend ${getBackend()}`],
    ...libraryVersion(),
    ['CPU', `${cpus[0]?.model.trim() ?? 'unknown'}, ${cpus.length} logical cores`],
    ['threads', threads],
    ['memory', formatBytes(os.totalmem())],
    ['system', `${os.type()} ${os.release()} ${os.arch()}`],
  ];
}

/** Version of TensorFlow's native library, where that runs. */
function libraryVersion(): [string, string][] {
  const native: unknown = backend();
  if (typeof native !== 'object' || native === null || !('binding' in native)) return [];
  const { binding } = native;
  if (typeof binding !== 'object' || binding === null || !('TF_Version' in binding)) return [];
  return [['TensorFlow', String(binding.TF_Version)]];
}
