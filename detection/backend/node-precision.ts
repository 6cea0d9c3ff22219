import fs from 'node:fs';
import { InputError } from '../errors';
import type { Precision } from '../nn/precision';

/** What a user may ask for: a precision, or the faster one that the processor has instructions for. */
export const precisionChoices = ['float32', 'bfloat16', 'auto'] as const;
/** One of `precisionChoices`. */
export type PrecisionChoice = (typeof precisionChoices)[number];

/** Linux's names of the instructions that multiply bfloat16. */
const INSTRUCTIONS = { amx_bf16: 'AMX', avx512_bf16: 'avx512_bf16' } as const;

/** A precision, and what made it that one. */
export interface ChosenPrecision {
  /** What to compute in. */
  readonly precision: Precision;
  /** Part of a sentence: `the processor has AMX`. */
  readonly reason: string;
}

/**
 * The precision that a choice comes to here.
 *
 * @param flags of the processor: none where layers do not compute by TensorFlow's native library
 * @throws InputError where it is to be bfloat16 and the processor has no instructions for it: it would be many times slower.
 */
export function choosePrecision(choice: PrecisionChoice, flags = processorFlags()): ChosenPrecision {
  if (choice === 'float32') return { precision: choice, reason: 'as chosen' };
  const found = Object.entries(INSTRUCTIONS).find(([flag]) => flags.has(flag));
  if (found) return { precision: 'bfloat16', reason: `the processor has ${found[1]}` };
  const needs = "TensorFlow's native library and a processor with AMX or avx512_bf16";
  if (choice === 'auto') return { precision: 'float32', reason: `bfloat16 takes ${needs}` };
  throw new InputError(
    'precision-unsupported',
    `precision bfloat16 takes ${needs}, which are not here; use float32, or auto, which takes what there is`,
    { precision: choice },
  );
}

/** What the processor can do, as Linux calls it; none on other systems, and where WebAssembly is asked for. */
function processorFlags(): ReadonlySet<string> {
  if (process.env['FASTER_RCNN_BACKEND'] === 'wasm') return new Set();
  try {
    const flags = /^flags\s*:(.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(flags?.[1].trim().split(' '));
  } catch {
    return new Set();
  }
}
