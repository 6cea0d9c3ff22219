import { Document, isScalar, Pair, Scalar, visit, YAMLMap } from 'yaml';
import type { z } from 'zod';
import { terminalText } from '../terminal/terminal-text';
import { allowedValues } from '../../weights/settings/allowed-values';
import { modelDefinition } from '../../detection/modeling/definitions';
import type { PlannedConfiguration } from './complete';
import { asObject, descriptionOf, fields } from '../../weights/settings/keys';
import { trainingConfigurationSchema, type TrainingConfiguration } from './schema';

const HEADER =
  'A configuration for rcnn train --config. A key that is left out has its default, except those ' +
  'that are required. null: the run derives the value; the comment above the key shows it.';

/** Columns of a line of comment. */
const WIDTH = 100;

type Section = Readonly<Record<string, unknown>>;

/**
 * A configuration as YAML, each key below a comment: what it means, what it may be, what null comes to here.
 *
 * @param planned the same with what can be derived without the data.
 * @param isOpen of values that nobody has given yet; null stands for them in the text.
 */
export function commentedYaml(
  configuration: TrainingConfiguration,
  planned: PlannedConfiguration,
  isOpen: (value: unknown) => boolean,
): string {
  const schema = trainingConfigurationSchema(modelDefinition(configuration.model.name));
  const map = sectionNode(schema, configuration, planned, isOpen, '');
  for (const { key } of map.items.slice(1)) if (isScalar(key)) key.spaceBefore = true;
  const document = new Document(map);
  document.commentBefore = commentOf(HEADER, '');
  quoteUnsafeText(document);
  return terminalText(document.toString({ lineWidth: 0, nullStr: 'null', flowCollectionPadding: false }));
}

function sectionNode(
  schema: z.ZodObject,
  values: Section,
  planned: Section,
  isOpen: (value: unknown) => boolean,
  indent: string,
): YAMLMap {
  const map = new YAMLMap();
  for (const [name, field] of fields(schema)) {
    const key = new Scalar(name);
    const [value, derived] = [values[name], planned[name]];
    const section = asObject(field);
    const comments = [
      ...(descriptionOf(field) === '' ? [] : [commentOf(descriptionOf(field), indent)]),
      ...(section ? [] : [commentOf(valueComment(field, value, derived, isOpen), indent, '  ')]),
    ];
    if (comments.length > 0) key.commentBefore = comments.join('\n');
    const node = section
      ? sectionNode(section, value as Section, derived as Section, isOpen, `${indent}  `)
      : leafNode(isOpen(value) ? null : value);
    map.items.push(new Pair(key, node));
  }
  return map;
}

/** `a number above 0 or null; null is 0.0025` */
function valueComment(
  field: z.core.$ZodType,
  value: unknown,
  derived: unknown,
  isOpen: (value: unknown) => boolean,
): string {
  const allowed = allowedValues(field);
  if (isOpen(value)) return `${allowed}; required`;
  return value === null && derived !== null ? `${allowed}; null is ${JSON.stringify(derived)}` : allowed;
}

function leafNode(value: unknown): unknown {
  const node: unknown = new Document(value).contents;
  // A list stands on one line, as on the command line.
  if (Array.isArray(value)) (node as YAMLMap).flow = true;
  return node;
}

/** Characters that a terminal must not get are only safe to escape between quotes. */
function quoteUnsafeText(document: Document): void {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && terminalText(node.value) !== node.value) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
}

/** Lines of a comment, each after the space that follows `#`. @param inset of the text behind it */
function commentOf(text: string, indent: string, inset = ''): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1];
    if (line !== '' && indent.length + 2 + inset.length + line.length + 1 + word.length > WIDTH)
      lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => ` ${inset}${line}`).join('\n');
}
