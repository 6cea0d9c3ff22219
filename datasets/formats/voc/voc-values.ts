import type { Element } from '@xmldom/xmldom';

/** What stands in an XML element: its text, or its parts by name; attributes have names that begin with `@`. */
export type VocValue = string | VocElement;
/** Elements by name; several of one name are a list. */
export interface VocElement {
  readonly [name: string]: VocValue | readonly VocValue[];
}

/** An element as a value that JSON can hold. */
export function valueOf(element: Element): VocValue {
  const parts = new Map<string, VocValue | readonly VocValue[]>();
  for (const { name, value } of element.attributes) parts.set(`@${name}`, value);
  const children = childElements(element);
  for (const child of children) {
    const [known, value] = [parts.get(child.tagName), valueOf(child)];
    parts.set(child.tagName, known === undefined ? value : [...(isList(known) ? known : [known]), value]);
  }
  if (parts.size === 0) return textOf(element);
  if (children.length === 0 && textOf(element) !== '') parts.set('#text', textOf(element));
  return Object.fromEntries(parts);
}

/** Elements inside of an element, without those further in. */
export function childElements(element: Element): Element[] {
  return Array.from(element.childNodes).filter(isElement);
}

/** The first element of a name inside of an element. */
export function childOf(element: Element, name: string): Element | undefined {
  return childElements(element).find(({ tagName }) => tagName === name);
}

/** The text of an element without blanks at its ends. */
export function textOf(element: Element): string {
  return (element.textContent ?? '').trim();
}

/** An element as lines of XML. */
export function xmlLines(name: string, value: unknown, indent = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => xmlLines(name, each, indent));
  if (typeof value !== 'object' || value === null) {
    const text = typeof value === 'string' ? escapeXml(value) : String(value);
    return [text === '' ? `${indent}<${name}/>` : `${indent}<${name}>${text}</${name}>`];
  }
  const parts = Object.entries(value);
  const attributes = parts
    .filter(([key]) => key.startsWith('@'))
    .map(([key, each]) => ` ${key.slice(1)}="${escapeXml(String(each))}"`)
    .join('');
  const text = parts.find(([key]) => key === '#text');
  if (text) return [`${indent}<${name}${attributes}>${escapeXml(String(text[1]))}</${name}>`];
  const inner = parts.filter(([key]) => XML_NAME.test(key));
  return [
    `${indent}<${name}${attributes}>`,
    ...inner.flatMap(([key, each]) => xmlLines(key, each, `${indent}  `)),
    `${indent}</${name}>`,
  ];
}

function isList(value: VocValue | readonly VocValue[]): value is readonly VocValue[] {
  return Array.isArray(value);
}

function isElement(node: { readonly nodeType: number }): node is Element {
  return node.nodeType === 1;
}

/** As far as anybody uses them. What is called otherwise has not come from XML. */
const XML_NAME = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character]);
}
