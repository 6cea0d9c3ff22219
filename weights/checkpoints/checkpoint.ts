import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Json } from '../../detection/engine/hooks';
import type { Optimizer } from '../../detection/engine/optimizer';
import { InputError } from '../../detection/errors';
import type { Trainable } from '../../detection/nn/trainable';
import type { WeightAverage } from '../../detection/engine/weight-average';
import { sha256OfSync } from '../file-hash';
import { readSafetensors, writeSafetensors } from '../formats/safetensors-file';
import { loadStateDict, saveStateDict } from '../state-dict';
import {
  firstNonFinite,
  storedFloat32,
  storedInt32,
  toFloat32,
  type StoredTensor,
} from '../formats/stored-tensor';
import { WeightsError } from '../formats/weights-error';
import { writeWholeFile } from '../../detection/files/whole-file';
import { writeWholeFolder } from '../../detection/files/whole-folder';
import { hooksOfFormat1 } from './format-1';

/** Raised when a checkpoint's files change their meaning. Those of format 1 are still read. */
const FORMAT = 2;
const FORMATS: readonly unknown[] = [1, FORMAT];
const MODEL_FILE = 'model.safetensors';
const OPTIMIZER_FILE = 'optimizer.safetensors';
const STATE_FILE = 'state.json';
/** The model as the optimizer has left it, where `model.safetensors` is an average. */
const UNAVERAGED_FILE = 'unaveraged.safetensors';
const WEIGHTS_FILES = [MODEL_FILE, OPTIMIZER_FILE, UNAVERAGED_FILE] as const;

/** What is to be saved holds numbers that are NaN or infinite: training has diverged. */
export class NotFiniteError extends WeightsError {}

/** What a checkpoint saves and restores. */
export interface Resumable {
  /** The model whose parameters and buffers are saved. */
  readonly model: Trainable<never>;
  /** The optimizer whose state is saved. */
  readonly optimizer: Optimizer;
  /** Average of the model's weights. */
  readonly average?: WeightAverage;
}

/** `state.json`. */
export interface CheckpointState {
  /** 2; of a checkpoint of before 1. */
  readonly format: number;
  /** Steps done. */
  readonly iteration: number;
  /** What each hook remembers that has something to remember, by its name. */
  readonly hooks: Readonly<Record<string, Json>>;
  /** Last values of what was measured: validation AP, say. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether it was made only because the run ended or was stopped there; one that was never stopped has none. */
  readonly isExtra?: boolean;
  /** The caller's: name of the model, categories, configuration. Anything that JSON holds. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /**
   * SHA-256 of the other files, by their names; `state.json`'s own is that of all that it says beside these sums, as
   * JSON without spaces. Checkpoints of before have none.
   */
  readonly sha256?: Readonly<Record<string, string>>;
}

/**
 * Writes a checkpoint folder: `model.safetensors` (torchvision's names and shapes), `optimizer.safetensors`,
 * `state.json`. Of a model whose weights are averaged, `model.safetensors` holds the averages, as they are what is
 * evaluated and used, and `unaveraged.safetensors` the weights that training goes on with. All is written under a
 * temporary name, brought to the disk and renamed, so that `folder` is either whole or not there; one of the same name is
 * replaced.
 *
 * @param folder in a folder that exists.
 * @throws NotFiniteError where a number is NaN or infinite.
 * @throws WeightsError where the system refuses to write (a full disk, say) or the folder is gone that this one is in.
 */
export function saveCheckpoint(
  folder: string,
  { model, optimizer, average }: Resumable,
  contents: Omit<CheckpointState, 'format' | 'sha256'>,
): void {
  const state: CheckpointState = { format: FORMAT, ...contents };
  try {
    writeWholeFolder(folder, (hidden) => {
      const sums: Record<string, string> = {};
      const write = (
        name: string,
        tensors: Map<string, StoredTensor>,
        metadata?: Record<string, string>,
      ): void => {
        const file = path.join(hidden, name);
        requireFinite(folder, tensors);
        writeSafetensors(file, tensors, metadata);
        sums[name] = sha256OfSync(file);
      };
      const save = (): Map<string, StoredTensor> => saveStateDict(model);
      write(MODEL_FILE, average ? average.duringSync(save) : save(), { format: 'pt' });
      write(OPTIMIZER_FILE, saveOptimizer(optimizer));
      if (average) write(UNAVERAGED_FILE, save());
      writeFileSync(path.join(hidden, STATE_FILE), sealedJson(state, sums), { flush: true });
    });
  } catch (error) {
    // The user knows the folder, not the temporary name that a file in it was to have.
    const refusal = error instanceof InputError ? error.cause : error;
    if (!isRecord(refusal) || !('errno' in refusal)) throw error;
    const parent = path.dirname(folder);
    const reason = existsSync(parent)
      ? String(refusal['message'])
      : `there is no folder ${parent} (any more)`;
    throw new WeightsError('checkpoint-unwritable', { file: folder }, `cannot be written: ${reason}`, {
      cause: refusal,
    });
  }
}

/**
 * Restores what `saveCheckpoint` wrote but for the hooks; training then goes on as if it had never stopped, to the bit,
 * where the model's streams have the seeds that they had.
 *
 * @throws WeightsError when a file is missing, damaged or of another model or optimizer. Files are read and the
 *   model's fit is checked before anything changes.
 */
export function loadCheckpoint(folder: string, { model, optimizer, average }: Resumable): CheckpointState {
  const state = verifyCheckpoint(folder);
  const file = (name: string): string => path.join(folder, name);
  const read = (name: string): Map<string, StoredTensor> => readSafetensors(file(name)).tensors;
  const optimizerState = read(OPTIMIZER_FILE);
  const unaveraged = average && read(UNAVERAGED_FILE);
  loadStateDict(model, file(MODEL_FILE), read(MODEL_FILE));
  if (unaveraged) {
    average.copyWeights();
    loadStateDict(model, file(UNAVERAGED_FILE), unaveraged);
  }
  loadOptimizer(optimizer, file(OPTIMIZER_FILE), optimizerState);
  return state;
}

/** Reads and checks a checkpoint's `state.json`. */
export function readCheckpointState(folder: string): CheckpointState {
  const file = path.join(folder, STATE_FILE);
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw unreadable(file, error);
    throw new WeightsError('checkpoint-json', { file }, 'is damaged: it is not JSON');
  }
  if (isRecord(state) && !FORMATS.includes(state['format'])) {
    const reason = `is ${JSON.stringify(state['format'])}, this program reads ${FORMATS.join(' and ')}`;
    throw new WeightsError(
      'checkpoint-format',
      { file, entry: 'format', format: state['format'], known: FORMATS },
      reason,
    );
  }
  if (!isStateOfAnyFormat(state))
    throw new WeightsError('checkpoint-state', { file }, 'is not the state of a checkpoint');
  const { sha256, ...sealed } = state;
  if (sha256 !== undefined && sha256[STATE_FILE] !== sumOf(sealed)) throw damaged(file);
  return isOfFormat2(state) ? state : { ...state, hooks: hooksOfFormat1(state.metadata) };
}

/** Writes other metadata into a checkpoint's `state.json`, whole or not at all. @throws InputError where it cannot. */
export function replaceMetadata(folder: string, metadata: CheckpointState['metadata']): void {
  const { sha256, ...state } = readCheckpointState(folder);
  writeWholeFile(path.join(folder, STATE_FILE), sealedJson({ ...state, metadata }, sha256));
}

/** @param sums of the other files; none of a checkpoint of before, which stays without. */
function sealedJson(
  state: Omit<CheckpointState, 'sha256'>,
  sums: Readonly<Record<string, string>> | undefined,
): string {
  const sha256 = sums && { ...sums, [STATE_FILE]: sumOf(state) };
  return `${JSON.stringify({ ...state, sha256 }, null, 2)}\n`;
}

/**
 * Reads a checkpoint's `state.json`, and checks that each of its files is as it was written, and each of its numbers
 * finite: a run that ends with the step at which its weights overflow saves them.
 *
 * @throws WeightsError where a file is missing, cannot be read, or has changed, or holds a number that is not finite.
 */
export function verifyCheckpoint(folder: string): CheckpointState {
  const state = readCheckpointState(folder);
  for (const name of WEIGHTS_FILES) {
    if (name === UNAVERAGED_FILE && state.sha256?.[name] === undefined) continue;
    const file = path.join(folder, name);
    const sum = sumOfFile(file);
    if (state.sha256 !== undefined && state.sha256[name] !== sum) throw damaged(file);
    readSafetensors(file, { requireFinite: true });
  }
  return state;
}

function requireFinite(folder: string, tensors: ReadonlyMap<string, StoredTensor>): void {
  for (const [name, tensor] of tensors) {
    const position = firstNonFinite(tensor);
    if (position < 0) continue;
    const reason = `element ${position} is NaN or infinite, so it is not saved; the checkpoint before it stays`;
    throw new NotFiniteError(
      'checkpoint-not-finite',
      { file: folder, entry: name, element: position },
      reason,
    );
  }
}

function unreadable(file: string, cause: unknown): WeightsError {
  const reason = `cannot be read: ${(cause as Error).message}`;
  return new WeightsError('checkpoint-unreadable', { file }, reason, { cause });
}

function sumOfFile(file: string): string {
  try {
    return sha256OfSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function sumOf(state: Omit<StateOfAnyFormat, 'sha256'>): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('hex');
}

function damaged(file: string): WeightsError {
  const reason = 'is damaged: it is not what was written (its SHA-256 differs)';
  return new WeightsError('checkpoint-damaged', { file }, reason);
}

/** The file to read weights from where the user may also name a checkpoint's folder. */
export function weightsFile(fileOrFolder: string): string {
  const isFolder = statSync(fileOrFolder, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? path.join(fileOrFolder, MODEL_FILE) : fileOrFolder;
}

type StateOfAnyFormat = CheckpointState | Omit<CheckpointState, 'hooks'>;

function isStateOfAnyFormat(state: unknown): state is StateOfAnyFormat {
  if (!isRecord(state)) return false;
  const { format, iteration, hooks, metrics, metadata, sha256 = {} } = state;
  return (
    Number.isSafeInteger(iteration) &&
    (format !== FORMAT || isRecord(hooks)) &&
    isRecord(metrics) &&
    isRecord(metadata) &&
    isRecord(sha256)
  );
}

function isOfFormat2(state: StateOfAnyFormat): state is CheckpointState {
  return state.format === FORMAT;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function saveOptimizer(optimizer: Optimizer): Map<string, StoredTensor> {
  const entries = new Map<string, StoredTensor>();
  for (const [name, tensor] of optimizer.stateDict()) {
    const values = tensor.dataSync();
    const isInteger = tensor.dtype === 'int32';
    entries.set(
      name,
      isInteger
        ? storedInt32(tensor.shape, Int32Array.from(values))
        : storedFloat32(tensor.shape, Float32Array.from(values)),
    );
    tensor.dispose();
  }
  return entries;
}

function loadOptimizer(optimizer: Optimizer, file: string, entries: ReadonlyMap<string, StoredTensor>): void {
  tf.tidy(() => {
    const state = new Map(
      [...entries].map(([name, tensor]) => {
        const dtype = tensor.type === 'I32' ? 'int32' : 'float32';
        return [name, tf.tensor(toFloat32(tensor), [...tensor.shape], dtype)];
      }),
    );
    try {
      optimizer.loadStateDict(state);
    } catch (error) {
      throw new WeightsError(
        'checkpoint-optimizer',
        { file },
        `does not fit the optimizer: ${(error as Error).message}`,
        { cause: error },
      );
    }
  });
}
