import { closeSync, openSync, readSync } from 'node:fs';
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import { InputError } from '../../detection/errors';

/** A configuration file: its values, and where in it each of them stands. */
export interface YamlFile {
  readonly values: unknown;
  /** Of the key at a path, or of the nearest enclosing one that the file has, in characters. */
  offset(path: readonly PropertyKey[]): number;
  /** The same as `FILE:LINE:COLUMN`. */
  place(path: readonly PropertyKey[]): string;
}

/** No configuration is larger: annotations that were named by mistake are, and are JSON, which is YAML. */
const MAX_BYTES = 1 << 20;

/**
 * Reads a YAML file.
 *
 * @throws InputError with file, line and column where it cannot be read or is no valid YAML.
 */
export function readYamlFile(file: string): YamlFile {
  const text = readText(file);
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
    });
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault)
      throw new InputError(
        'configuration-file',
        `${at(fault.pos[0])}: ${messages[fault.code] ?? fault.message}`,
        { file },
      );
    requireAnchors(document, at);
    const values = (document.toJS() as unknown) ?? {};
    const offset = (path: readonly PropertyKey[]): number => keyOffset(document, path);
    return { values, offset, place: (path) => at(offset(path)) };
  } catch (error) {
    if (error instanceof InputError) throw error;
    // Aliases that multiply beyond reason; more brackets than the stack can hold.
    const { name, message } = error as Error;
    throw new InputError(
      'configuration-file',
      `${file}: this is not a configuration: ${messages[name] ?? message}`,
      { file },
    );
  }
}

/** What the parser says in its own words, by its codes and by the names of what it throws. */
const messages: Partial<Record<string, string>> = {
  DUPLICATE_KEY: 'this key occurs twice; remove one of them',
  NON_STRING_KEY: 'this is not a key: a key is a word',
  RESOURCE_EXHAUSTION: 'brackets are nested too deeply',
  RangeError: 'brackets are nested too deeply',
  // A value without an anchor is refused before.
  ReferenceError: 'its aliases (*name) stand for too many values',
  TAG_RESOLVE_FAILED: 'this tag is not supported; remove it, and put text that begins with ! in quotes',
  TAB_AS_INDENT: 'a tab; indent with spaces',
  MULTIPLE_DOCS: 'a second document; a configuration has only one',
};

const refusals: Partial<Record<string, string>> = {
  ENOENT: 'there is no such configuration file',
  EISDIR: 'is a folder; expected a configuration file',
};

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readBytes(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const known = code === undefined ? undefined : refusals[code];
    throw new InputError(
      'configuration-file',
      `${file}: ${known ?? `cannot read the configuration: ${message}`}`,
      { file },
    );
  }
  if (bytes.length > MAX_BYTES) {
    throw new InputError(
      'configuration-file',
      `${file}: this is not a configuration: it is larger than ${MAX_BYTES / 2 ** 20} MiB`,
      { file },
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(
      'configuration-file',
      `${file}: this is not a configuration: it is not text in UTF-8`,
      {
        file,
      },
    );
  }
}

/** Of a file or a pipe, as far as it is looked at. */
function readBytes(file: string): Buffer {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  const descriptor = openSync(file, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** @throws InputError where an alias stands for nothing, or for what it is a part of: a value without an end. */
function requireAnchors(document: Document, at: (offset: number) => string): void {
  visit(document, {
    Alias(_, alias, ancestors) {
      const value = alias.resolve(document);
      if (value && !ancestors.includes(value)) return;
      const reason = value
        ? `is inside its own anchor &${alias.source}`
        : `has no anchor &${alias.source} before it`;
      throw new InputError('configuration-file', `${at(start(alias) ?? 0)}: *${alias.source} ${reason}`);
    },
  });
}

/** Offset of the key, or of the list element, at a path; of the last one found on the way to it. */
function keyOffset(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!pair) break;
      offset = start(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = start(node) ?? offset;
    } else {
      break;
    }
  }
  return offset;
}

function start(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
