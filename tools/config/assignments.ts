import { parse } from 'yaml';
import { InputError } from '../../detection/errors';

/** A value for one key that comes from the command line. */
export interface Assignment {
  /** Dotted path of the key. */
  readonly key: string;
  readonly value: unknown;
  /** What the user typed, for error messages. */
  readonly source: string;
}

/** Reads `model.minSize=64`. The value is YAML: numbers, true, null and [1, 2] have their types. */
export function parseAssignment(text: string): Assignment {
  const source = `--set ${text}`;
  const equals = text.indexOf('=');
  if (equals < 1)
    throw new InputError('assignment', `${source}: expected key=value, as in --set optimizer.lr=0.01`, {
      text,
    });
  const written = text.slice(equals + 1);
  try {
    return {
      key: text.slice(0, equals).trim(),
      // There is nothing that an alias could stand for but the value that it is in.
      value: parse(written, { logLevel: 'error', stringKeys: true, maxAliasCount: 0 }) as unknown,
      source,
    };
  } catch {
    throw new InputError(
      'assignment',
      `${source}: the value is not valid YAML; put text with special characters in quotes`,
      { text },
    );
  }
}
