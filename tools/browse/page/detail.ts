import type { PageData } from '../page-data';
import { colorOf, type Layers, type PictureSource } from './drawing';
import { byId, count, element } from '../../html/elements';
import type { Entry } from './judged-picture';
import { sizeOf, type Match } from './query';
import { Viewport } from './viewport';

/** One picture at a time: large, with everything that is known of it. */
export class Detail {
  private readonly dialog = byId('detail', HTMLDialogElement);
  private readonly list = byId('entries', HTMLElement);
  private readonly viewport: Viewport;
  private found: readonly Match[] = [];
  private layers: Layers = { truth: true, detections: true, names: true, shapes: true };
  private at = 0;

  /** @param moved is called with the place of the picture that has become the current one */
  constructor(
    private readonly data: PageData,
    private readonly source: PictureSource,
    private readonly moved: (at: number) => void,
  ) {
    this.viewport = new Viewport(byId('viewport', SVGSVGElement), data.skeleton ?? [], (entry) =>
      this.captionOf(entry),
    );
    const onClick = (id: string, action: () => void): void =>
      byId(id, HTMLButtonElement).addEventListener('click', action);
    onClick('previous', () => this.move(-1));
    onClick('next', () => this.move(1));
    onClick('zoom-in', () => this.viewport.zoomBy(1));
    onClick('zoom-out', () => this.viewport.zoomBy(-1));
    onClick('zoom-reset', () => this.viewport.reset());
    onClick('close', () => this.dialog.close());
    this.dialog.addEventListener('keydown', (event) => this.onKey(event));
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  open(found: readonly Match[], at: number, layers: Layers): void {
    this.found = found;
    this.at = at;
    this.layers = layers;
    if (!this.dialog.open) this.dialog.showModal();
    this.draw();
  }

  /** Draws the same picture with other boxes. */
  redraw(layers: Layers): void {
    this.layers = layers;
    if (this.dialog.open) this.draw();
  }

  private move(step: number): void {
    const to = Math.max(0, Math.min(this.at + step, this.found.length - 1));
    if (to === this.at) return;
    this.at = to;
    this.draw();
    this.moved(to);
  }

  private draw(): void {
    const match = this.found[this.at];
    const { picture, index, problems, numErrors } = match.judged;
    byId('detail-name', HTMLElement).textContent = picture.file;
    byId('detail-place', HTMLElement).textContent = `${this.at + 1} of ${this.found.length}`;
    const { stored } = picture;
    byId('detail-facts', HTMLElement).replaceChildren(
      ...[
        `id ${picture.id}`,
        ...(picture.remark === undefined ? [] : [picture.remark]),
        `${picture.width} x ${picture.height} pixels${stored ? `; the picture has ${stored.width} x ${stored.height}` : ''}`,
        count(picture.objects.length, 'object'),
        ...(picture.isJudged ? [count(numErrors, 'error')] : []),
        ...(this.data.detections && !picture.isJudged ? ['not evaluated: rcnn check refuses it'] : []),
      ].map((text) => element('li', { text })),
    );
    const list = byId('detail-problems', HTMLElement);
    list.hidden = problems.length === 0;
    list.replaceChildren(...problems.map(({ kind, text }) => element('li', { text: `${kind}: ${text}` })));
    this.list.replaceChildren(...match.shown.map((entry) => this.rowOf(entry, match)));
    // A button that is disabled loses the focus, and with it the keys.
    byId('previous', HTMLButtonElement).ariaDisabled = String(this.at === 0);
    byId('next', HTMLButtonElement).ariaDisabled = String(this.at === this.found.length - 1);
    this.viewport.show(match, this.source.whole(index), this.layers);
  }

  private rowOf(entry: Entry, { meant }: Match): HTMLElement {
    const swatch = element('i', { className: `swatch ${entry.isDetection ? 'detection' : 'truth'}` });
    swatch.style.borderColor = colorOf(entry);
    const [, , width, height] = entry.box ?? [0, 0, 0, 0];
    const about = [
      entry.isDetection ? 'detection' : 'truth',
      ...(entry.verdict === undefined ? [] : [this.verdictOf(entry)]),
      entry.box === undefined ? 'no box' : `${Math.round(width)} x ${Math.round(height)}, ${sizeOf(entry)}`,
      ...entry.problems.map(({ kind }) => kind),
    ].join(' \u00b7 ');
    const row = element(
      'li',
      { tabindex: '0' },
      swatch,
      element('b', { text: this.nameOf(entry.category) }),
      element('span', { className: 'score', text: entry.score?.toFixed(2) ?? '' }),
      element('small', { text: about }),
    );
    row.classList.toggle('faint', !meant.has(entry));
    for (const type of ['pointerenter', 'focus']) {
      row.addEventListener(type, () => this.viewport.highlight(entry));
    }
    for (const type of ['pointerleave', 'blur']) {
      row.addEventListener(type, () => this.viewport.highlight(undefined));
    }
    return row;
  }

  private verdictOf({ verdict, trueCategory }: Entry): string {
    return trueCategory === undefined ? String(verdict) : `${verdict} (is ${this.nameOf(trueCategory)})`;
  }

  /** What kind of error it is, its color says. */
  private captionOf({ score, category, trueCategory }: Entry): string {
    return [
      this.nameOf(category),
      ...(score === undefined ? [] : [score.toFixed(2)]),
      ...(trueCategory === undefined ? [] : [`(is ${this.nameOf(trueCategory)})`]),
    ].join(' ');
  }

  private nameOf(category: number): string {
    return this.data.categories[category] ?? 'no category';
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const actions: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.move(-1),
      ArrowRight: () => this.move(1),
      k: () => this.move(-1),
      j: () => this.move(1),
      Home: () => this.move(-Infinity),
      End: () => this.move(Infinity),
      '+': () => this.viewport.zoomBy(1),
      '=': () => this.viewport.zoomBy(1),
      '-': () => this.viewport.zoomBy(-1),
      '0': () => this.viewport.reset(),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }
}
