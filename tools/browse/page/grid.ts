import {
  boxElements,
  extentOf,
  pictureElement,
  shapeElements,
  type Layers,
  type PictureSource,
  type Skeleton,
} from './drawing';
import { count, element, svgElement } from '../../html/elements';
import type { Match } from './query';

/** Below the picture: two lines of text, pixels. */
const CAPTION_HEIGHT = 44;
const GAP = 8;
/** Rows that are there beyond those in sight. */
const SPARE_ROWS = 2;
/** Height of a cell's picture by its width. */
const ASPECT = 0.75;

/**
 * The pictures as a grid that has elements for those in sight only: thousands scroll as a few do. For assistive technology it
 * is a list box, whose active option is the current picture.
 */
export class Grid {
  private found: readonly Match[] = [];
  private layers: Layers = { truth: true, detections: true, names: true, shapes: true };
  private cellWidth = 220;
  private active = 0;
  private readonly cells = new Map<number, HTMLElement>();
  private readonly content = element('div', { className: 'cells', role: 'presentation' });
  private isDue = false;

  /**
   * @param view scrolls
   * @param open is called with the place of a picture among those shown
   */
  constructor(
    private readonly view: HTMLElement,
    private readonly source: PictureSource,
    private readonly skeleton: Skeleton,
    private readonly open: (at: number) => void,
  ) {
    view.append(this.content);
    view.addEventListener('scroll', () => this.draw());
    view.addEventListener('keydown', (event) => this.onKey(event));
    new ResizeObserver(() => this.draw()).observe(view);
  }

  /** Shows other pictures, from the first one on. */
  show(found: readonly Match[], layers: Layers): void {
    this.found = found;
    this.layers = layers;
    this.active = 0;
    this.view.scrollTop = 0;
    this.clear();
    this.draw();
  }

  /** Draws the same pictures with other boxes or in another size. */
  redraw({
    layers = this.layers,
    cellWidth = this.cellWidth,
  }: {
    layers?: Layers;
    cellWidth?: number;
  }): void {
    this.layers = layers;
    this.cellWidth = cellWidth;
    this.clear();
    this.draw();
    this.reveal();
  }

  /** Makes a picture the current one, in sight. */
  activate(at: number): void {
    if (this.found.length === 0) return;
    const before = this.active;
    this.active = Math.max(0, Math.min(at, this.found.length - 1));
    this.cells.get(before)?.setAttribute('aria-selected', 'false');
    this.reveal();
    this.draw();
  }

  private clear(): void {
    this.cells.clear();
    this.content.replaceChildren();
  }

  private get shape(): { columns: number; width: number; rowHeight: number } {
    const room = Math.max(this.view.clientWidth - 2 * GAP, 1);
    const columns = Math.max(1, Math.floor((room + GAP) / (this.cellWidth + GAP)));
    const width = (room + GAP) / columns - GAP;
    return { columns, width, rowHeight: Math.round(width * ASPECT) + CAPTION_HEIGHT + GAP };
  }

  private reveal(): void {
    const { columns, rowHeight } = this.shape;
    const top = Math.floor(this.active / columns) * rowHeight;
    const { scrollTop, clientHeight } = this.view;
    if (top < scrollTop) this.view.scrollTop = top;
    else if (top + rowHeight + GAP > scrollTop + clientHeight) {
      this.view.scrollTop = top + rowHeight + GAP - clientHeight;
    }
  }

  private draw(): void {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { columns, width, rowHeight } = this.shape;
    const numRows = Math.ceil(this.found.length / columns);
    this.content.style.height = `${numRows * rowHeight + GAP}px`;
    const first = Math.max(0, Math.floor(this.view.scrollTop / rowHeight) - SPARE_ROWS);
    const last = Math.ceil((this.view.scrollTop + this.view.clientHeight) / rowHeight) + SPARE_ROWS;
    const end = Math.min(last * columns, this.found.length);
    for (const [at, cell] of this.cells) {
      if (at >= first * columns && at < end) continue;
      cell.remove();
      this.cells.delete(at);
    }
    for (let at = first * columns; at < end; at++) {
      let cell = this.cells.get(at);
      if (cell === undefined) {
        cell = this.makeCell(at);
        this.cells.set(at, cell);
        this.content.append(cell);
      }
      const [x, y] = [GAP + (at % columns) * (width + GAP), GAP + Math.floor(at / columns) * rowHeight];
      cell.style.transform = `translate(${x}px, ${y}px)`;
      cell.style.width = `${width}px`;
      cell.style.height = `${rowHeight - GAP}px`;
      cell.setAttribute('aria-selected', String(at === this.active));
    }
    const current = this.cells.get(this.active);
    if (current) this.view.setAttribute('aria-activedescendant', current.id);
    else this.view.removeAttribute('aria-activedescendant');
  }

  private makeCell(at: number): HTMLElement {
    const match = this.found[at];
    const { picture, index } = match.judged;
    const facts = factsOf(match);
    const cell = element(
      'div',
      {
        className: 'cell',
        role: 'option',
        id: `cell-${index}`,
        'aria-label': `${picture.file}, ${facts}`,
        'aria-setsize': String(this.found.length),
        'aria-posinset': String(at + 1),
      },
      this.makePicture(match),
      element('div', { className: 'name', text: picture.file, title: picture.file }),
      element('div', { className: 'facts', text: facts }),
    );
    cell.addEventListener('click', () => {
      this.activate(at);
      this.open(at);
    });
    return cell;
  }

  private makePicture(match: Match): Element {
    const { picture, index } = match.judged;
    const url = this.source.thumbnail(index);
    const { width, height } = extentOf(picture);
    const drawn = svgElement('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
    if (url === undefined) drawn.classList.add('missing');
    else drawn.append(pictureElement(picture, url));
    drawn.append(...shapeElements(match, this.layers, this.skeleton));
    drawn.append(...boxElements(match, this.layers).values());
    return drawn;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { columns, rowHeight } = this.shape;
    const page = columns * Math.max(1, Math.floor(this.view.clientHeight / rowHeight));
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -page,
      PageDown: page,
      Home: -Infinity,
      End: Infinity,
      k: -1,
      j: 1,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      const to = Math.max(0, Math.min(this.active + step, this.found.length - 1));
      // Where there is no row above or below, up and down do nothing.
      const staysInRow = Math.floor(to / columns) === Math.floor(this.active / columns);
      if (Math.abs(step) !== columns || columns === 1 || !staysInRow) this.activate(to);
    } else if ((event.key === 'Enter' || event.key === ' ') && this.found.length > 0) this.open(this.active);
    else return;
    event.preventDefault();
  }
}

/** `3 objects, 2 errors, 1 problem`. */
export function factsOf({ judged: { picture, numErrors, problems } }: Match): string {
  return [
    ...(picture.remark === undefined ? [] : [picture.remark]),
    count(picture.objects.length, 'object'),
    ...(picture.isJudged ? [count(numErrors, 'error')] : []),
    ...(problems.length > 0 ? [count(problems.length, 'problem')] : []),
  ].join(', ');
}
