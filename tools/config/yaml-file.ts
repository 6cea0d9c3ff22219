import { readFileSync } from 'node:fs';
import { isMap, isNode, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { InputError } from '../../detection/errors';

/** A configuration file: its values, and where in it each of them stands. */
export interface YamlFile {
  readonly values: unknown;
  /** `FILE:LINE:COLUMN` of the key at a path, or of the nearest enclosing one that the file has. */
  place(path: readonly PropertyKey[]): string;
}

/**
 * Reads a YAML file.
 *
 * @throws InputError with file, line and column where it cannot be read or is no valid YAML.
 */
export function readYamlFile(file: string): YamlFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${file}: cannot read the configuration: ${(error as Error).message}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) throw new InputError(`${at(fault.pos[0])}: ${fault.message}`);
  try {
    const values = (document.toJS() as unknown) ?? {};
    return { values, place: (path) => at(keyOffset(document, path)) };
  } catch (error) {
    // An alias without its anchor, or aliases that multiply beyond reason.
    throw new InputError(`${file}: ${(error as Error).message}`);
  }
}

/** Offset of the key, or of the list element, at a path; of the last one found on the way to it. */
function keyOffset(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isNode(key) ? key.toJSON() : key) === String(step));
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
