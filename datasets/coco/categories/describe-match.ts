import type { CategoryMatch } from './match-categories';
import { shownValue } from '../problems';

/** As many categories as a line names. */
const MAX_NAMED = 20;

/**
 * What whoever brings a detector and a data set together should know of their categories, a line each: other ids, and what
 * either lacks, with what was probably meant where a name differs in case, blanks or Unicode form only. None where all of
 * them go together.
 *
 * @param file of the data set
 */
export function describeMatch(
  { by, ofDetector, meant, onlyOfDetector, onlyOfDataset }: CategoryMatch,
  file: string,
): string[] {
  const pairs = ofDetector.flatMap(({ id, name }, k) => {
    const category = meant[k];
    return category ? [{ label: k + 1, id, name, category }] : [];
  });
  const otherIds = pairs.filter(({ id, category }) => id !== undefined && id !== category.id);
  const lines = [];
  if (by === 'number' && pairs.some(({ name, category }) => name !== category.name)) {
    const labels = pairs.map(({ label, category }) => `${label} for ${shownValue(category.name)}`);
    lines.push(
      `the detector or the data set does not name its categories; labels are taken: ${listed(labels)}`,
    );
  } else if (otherIds.length > 0) {
    const ids = otherIds.map(
      ({ name, id, category }) => `${shownValue(name)} (${id} there, ${category.id} here)`,
    );
    lines.push(
      `categories have other ids than those the detector was trained with; names decide: ${listed(ids)}`,
    );
  }
  if (onlyOfDetector.length > 0) {
    const count = `${onlyOfDetector.length} of the detector's ${onlyOfDetector.length + pairs.length} categories`;
    const names = namesWithHints(onlyOfDetector, onlyOfDataset, 'the data set has');
    lines.push(`lacks ${count}, and detections of them do not count: ${names}`);
  }
  if (onlyOfDataset.length > 0) {
    const count = `${onlyOfDataset.length} of its ${onlyOfDataset.length + pairs.length} categories`;
    const names = namesWithHints(onlyOfDataset, ofDetector, 'the detector has');
    lines.push(`the detector cannot find ${count}: ${names}`);
  }
  return lines.map((line) => `${file}: ${line}`);
}

/** Why a detector and a data set have no category in common. */
export function describeNothingInCommon({ by, ofDetector, onlyOfDataset }: CategoryMatch): string {
  if (by === 'number') {
    return (
      `its categories (${onlyOfDataset.length}: ${namesWithHints(onlyOfDataset)}) and the detector's ` +
      `(${ofDetector.length}) cannot be matched, because one of the two has no names`
    );
  }
  return (
    `has none of the detector's categories. It has ${namesWithHints(onlyOfDataset, ofDetector, 'the detector has')}; ` +
    `the detector has ${namesWithHints(ofDetector)}`
  );
}

interface Named {
  readonly name: string;
}

/**
 * Names for a message, each with what was probably meant: `"Cat" (the detector has "cat", in another case), "dog"`.
 *
 * @param owner of the candidates, `the detector has`
 */
export function namesWithHints(
  names: readonly Named[],
  candidates: readonly Named[] = [],
  owner = '',
): string {
  return listed(
    names.map(({ name }) => {
      const near = candidates.find(
        (candidate) => candidate.name !== name && folded(candidate.name) === folded(name),
      );
      return near
        ? `${shownValue(name)} (${owner} ${shownValue(near.name)}, ${difference(name, near.name)})`
        : shownValue(name);
    }),
  );
}

function listed(texts: readonly string[]): string {
  const rest = texts.length - MAX_NAMED;
  return `${texts.slice(0, MAX_NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function difference(name: string, near: string): string {
  if (name.normalize('NFKC') === near.normalize('NFKC')) return 'in another Unicode form';
  return name.toLowerCase() === near.toLowerCase() ? 'in another case' : 'with other blanks';
}

/** What is left of a name without case, blanks, what stands for them, what cannot be seen, and Unicode form. */
function folded(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-\p{Cf}]+/gu, '');
}
