import { DOMParser, ParseError, type Element } from '@xmldom/xmldom';
import { childElements, childOf, textOf, valueOf, type VocValue } from './voc-values';

/** An object of a picture, as its XML has it. */
export interface VocObject {
  readonly name: string;
  /** xmin, ymin, xmax, ymax. */
  readonly corners: readonly [number, number, number, number];
  /** Texts that this project has keys for, by these. */
  readonly traits: Readonly<Record<string, string>>;
  /** All other elements, by name. */
  readonly others: Readonly<Record<string, VocValue | readonly VocValue[]>>;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** A picture, as its XML has it. */
export interface VocPicture {
  /** Empty where there is none. */
  readonly fileName: string;
  /** Pixels; NaN where there is none. */
  readonly width: number;
  readonly height: number;
  readonly objects: readonly VocObject[];
  /** All other elements, by name. */
  readonly others: Readonly<Record<string, VocValue | readonly VocValue[]>>;
}

/** What is wrong with a file. */
export interface XmlFault {
  /** From 1; undefined where the file as a whole is meant. */
  readonly line?: number;
  readonly reason: string;
}

/** Keys of a COCO annotation that VOC has elements for. */
export const VOC_TRAITS: readonly string[] = ['pose', 'truncated', 'occluded', 'difficult'];

/**
 * What stands in every file, since programs ask for it: it is written where nothing else is known, and what says no more is
 * not kept.
 */
export const VOC_DEFAULTS = {
  image: { folder: 'JPEGImages', segmented: '0' },
  size: { depth: '3' },
  object: { pose: 'Unspecified', truncated: '0', difficult: '0' },
} as const;

/** Those of some values that are not the default ones. */
export function withoutDefaults<T>(
  values: Readonly<Record<string, T>>,
  defaults: Readonly<Record<string, string>>,
): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => defaults[key] !== value));
}

const CORNERS = ['xmin', 'ymin', 'xmax', 'ymax'];

/** Takes a file of annotations in Pascal VOC's format apart. */
export function parseVocXml(text: string): { picture?: VocPicture; faults: XmlFault[] } {
  const faults: XmlFault[] = [];
  const root = rootElement(text, faults);
  if (root === undefined) return { faults };
  if (root.tagName !== 'annotation') {
    return { faults: [{ reason: `its outermost element is <${root.tagName}>, not <annotation>` }] };
  }
  const objects = childElements(root)
    .filter(({ tagName }) => tagName === 'object')
    .flatMap((element) => {
      const object = objectOf(element, faults);
      return object === undefined ? [] : [object];
    });
  const size = childOf(root, 'size');
  return {
    picture: {
      fileName: textAt(root, 'filename'),
      width: size ? Number(textAt(size, 'width') || NaN) : NaN,
      height: size ? Number(textAt(size, 'height') || NaN) : NaN,
      objects,
      others: othersOf(root, ['filename', 'object']),
    },
    faults,
  };
}

function rootElement(text: string, faults: XmlFault[]): Element | undefined {
  if (text.trim() === '') {
    faults.push({ reason: 'the file is empty' });
    return undefined;
  }
  try {
    const onError = (level: string, message: string): void => {
      if (level !== 'warning') throw new Error(message);
    };
    return new DOMParser({ onError }).parseFromString(text, 'text/xml').documentElement ?? undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const line = error instanceof ParseError ? lineOf(error) : undefined;
    faults.push({
      ...(line !== undefined && { line }),
      reason: `this is not XML: ${error.message.split('\n')[0]}`,
    });
    return undefined;
  }
}

function lineOf({ locator }: ParseError): number | undefined {
  const { lineNumber } = Object(locator) as { readonly lineNumber?: unknown };
  return typeof lineNumber === 'number' ? lineNumber : undefined;
}

function objectOf(element: Element, faults: XmlFault[]): VocObject | undefined {
  const line = element.lineNumber ?? 1;
  const refuse = (reason: string): undefined => void faults.push({ line, reason });
  if (!childOf(element, 'name')) return refuse('an object has no <name>');
  const box = childOf(element, 'bndbox');
  if (!box) return refuse('an object has no <bndbox>');
  const texts = CORNERS.map((corner) => textAt(box, corner));
  const corners = texts.map((text) => (text === '' ? NaN : Number(text)));
  const wrong = corners.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) {
    const found =
      texts[wrong] === '' ? 'is missing' : `is ${JSON.stringify(texts[wrong].slice(0, 40))}, not a number`;
    return refuse(`<${CORNERS[wrong]}> ${found}`);
  }
  const [xmin, ymin, xmax, ymax] = corners;
  if (xmin > xmax || ymin > ymax) return refuse(`the box ${corners.join(', ')} ends before it begins`);
  const traits = VOC_TRAITS.flatMap((trait) => {
    const child = childOf(element, trait);
    return child ? [[trait, textOf(child)] as const] : [];
  });
  return {
    name: textAt(element, 'name'),
    corners: [xmin, ymin, xmax, ymax],
    traits: Object.fromEntries(traits),
    others: othersOf(element, ['name', 'bndbox', ...VOC_TRAITS]),
    line,
  };
}

function textAt(element: Element, name: string): string {
  const child = childOf(element, name);
  return child ? textOf(child) : '';
}

function othersOf(element: Element, known: readonly string[]): VocPicture['others'] {
  const whole = valueOf(element);
  if (typeof whole === 'string') return {};
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !known.includes(name)));
}
