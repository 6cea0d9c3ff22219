import type { z } from 'zod';
import { allowedValues } from './allowed-values';
import { asObject, pathText } from './keys';
import { suggest } from './suggest';

/** Characters of a wrong value that a message shows. */
const MAX_SHOWN = 60;

/** The key that is at fault. A list is one key, whatever is wrong inside. */
export function faultyKey({ path }: z.core.$ZodIssue): string {
  const list = path.findIndex((step) => typeof step === 'number');
  return pathText(list < 0 ? path : path.slice(0, list));
}

/**
 * Says what is wrong with a value, in words that follow its key.
 *
 * @param field what it was checked against; undefined where that is not known
 */
export function describeIssue(issue: z.core.$ZodIssue, field: z.core.$ZodType | undefined): string {
  // What a section refines says for itself what it expects.
  if (issue.code === 'custom') return issue.message;
  if (issue.input === undefined) return 'is missing';
  if (!field || asObject(field)) return `expected keys with values, not ${shown(issue.input)}`;
  const expected = `expected ${allowedValues(field)}, not ${shown(issue.input)}`;
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const meant = suggest(issue.input, issue.values.map(String));
    return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
  }
  if (issue.code !== 'invalid_type') return expected;
  if (issue.expected === 'string' && isPlain(issue.input)) return `${expected}; put it in quotes`;
  return issue.input === null ? `${expected}; leave the key out for its default` : expected;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

/** A value as the user may have written it. */
function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (isSection(value)) return 'keys with values';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

/** Whether a value is keys with values. */
export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
