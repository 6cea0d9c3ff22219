import { verdictColors } from '../../html/verdict-colors';
import type { PageData } from '../page-data';
import { byId, element } from '../../html/elements';
import type { Layers } from './drawing';
import type { Query, SortName } from './query';

/** The form above the pictures. */
export class Controls {
  private readonly text = byId('text', HTMLInputElement);
  private readonly category = byId('category', HTMLSelectElement);
  private readonly size = byId('size', HTMLSelectElement);
  private readonly verdict = byId('verdict', HTMLSelectElement);
  private readonly minScore = byId('min-score', HTMLInputElement);
  private readonly maxScore = byId('max-score', HTMLInputElement);
  private readonly problem = byId('problem', HTMLSelectElement);
  private readonly sort = byId('sort', HTMLSelectElement);
  private readonly cellWidth = byId('cell-width', HTMLInputElement);
  private readonly truth = byId('show-truth', HTMLInputElement);
  private readonly detections = byId('show-detections', HTMLInputElement);
  private readonly shapes = byId('show-shapes', HTMLInputElement);
  private readonly names = byId('show-names', HTMLInputElement);

  constructor(private readonly data: PageData) {
    const option = (value: string, text: string): HTMLOptionElement => element('option', { value, text });
    this.category.append(...data.categories.map((name, k) => option(String(k), name)));
    this.verdict.append(...Object.keys(verdictColors).map((name) => option(name, name)));
    const problems = data.pictures.flatMap(({ problems: own, objects }) => [
      ...own,
      ...objects.flatMap((object) => object.problems ?? []),
    ]);
    const kinds = [...new Set(problems.map(({ kind }) => kind))].sort();
    this.problem.append(...kinds.map((kind) => option(kind, kind)));
    // What there is nothing of is not asked for.
    byId('problems-field', HTMLElement).hidden = kinds.length === 0;
    byId('shapes-field', HTMLElement).hidden = !data.pictures.some(({ objects, detections }) =>
      [...objects, ...detections].some(({ outline, keypoints }) => outline !== undefined || keypoints),
    );
    document.querySelectorAll<HTMLElement>('.of-detections').forEach((field) => {
      field.hidden = data.detections === undefined;
    });
    if (data.detections === undefined) this.sort.options[0].text = 'problems first';
    this.reset();
  }

  get query(): Query {
    const { value } = this.category;
    return {
      text: this.text.value,
      category: value === '' || value === 'none' ? value : Number(value),
      size: this.size.value as Query['size'],
      verdict: this.verdict.value as Query['verdict'],
      minScore: this.minScore.valueAsNumber || 0,
      maxScore: Number.isNaN(this.maxScore.valueAsNumber) ? 1 : this.maxScore.valueAsNumber,
      problem: this.problem.value,
      sort: this.sort.value as SortName,
    };
  }

  get layers(): Layers {
    return {
      truth: this.truth.checked,
      detections: this.detections.checked,
      names: this.names.checked,
      shapes: this.shapes.checked,
    };
  }

  get width(): number {
    return this.cellWidth.valueAsNumber;
  }

  /** Asks for all pictures. */
  reset(): void {
    byId('query', HTMLFormElement).reset();
    this.minScore.value = String(this.data.detections?.minScore ?? 0);
  }

  toggle(layer: keyof Layers): void {
    const box = this[layer];
    if (box.closest<HTMLElement>('label')?.hidden === true) return;
    box.checked = !box.checked;
  }

  focus(): void {
    this.text.focus();
    this.text.select();
  }
}
