import {
  boxElements,
  colorOf,
  extentOf,
  pictureElement,
  shapeElements,
  type Layers,
  type Skeleton,
} from './drawing';
import { svgElement } from '../../html/elements';
import type { Entry } from './judged-picture';
import type { Match } from './query';

/** Height of names, and by how much one step enlarges. */
const NAME_SIZE = 13;
const STEP = 1.25;
const MAX_ZOOM = 64;

/** One picture with its boxes, to be enlarged and moved: wheel, drag, double click. */
export class Viewport {
  private match: Match | undefined;
  private boxes = new Map<Entry, SVGRectElement>();
  private readonly names = svgElement('g', { class: 'names' });
  private zoom = 1;
  /** What of the picture is in the middle, pixels of the picture. */
  private center = { x: 0, y: 0 };

  /**
   * @param svg fills its container
   * @param nameOf what is written at a box
   */
  constructor(
    private readonly svg: SVGSVGElement,
    private readonly skeleton: Skeleton,
    private readonly nameOf: (entry: Entry) => string,
  ) {
    svg.addEventListener('wheel', (event) => this.onWheel(event), { passive: false });
    svg.addEventListener('pointerdown', (event) => this.onPointerDown(event));
    svg.addEventListener('dblclick', (event) => this.zoomAt(event, this.zoom > 1 ? 1 / this.zoom : 4));
    new ResizeObserver(() => this.place()).observe(svg);
  }

  /** Shows a picture whole, or the same one again as it is. */
  show(match: Match, url: string | undefined, layers: Layers): void {
    const { picture } = match.judged;
    const isSame = this.match?.judged.picture === picture;
    this.match = match;
    this.boxes = boxElements(match, layers);
    this.svg.classList.toggle('missing', url === undefined);
    this.svg.replaceChildren(
      ...(url === undefined ? [] : [pictureElement(picture, url)]),
      ...shapeElements(match, layers, this.skeleton),
      ...this.boxes.values(),
      this.names,
    );
    this.names.replaceChildren(...(layers.names ? this.nameElements() : []));
    if (!isSame) this.reset();
    else this.place();
  }

  reset(): void {
    if (!this.match) return;
    const { width, height } = extentOf(this.match.judged.picture);
    this.zoom = 1;
    this.center = { x: width / 2, y: height / 2 };
    this.place();
  }

  /** @param steps above 0 to enlarge */
  zoomBy(steps: number): void {
    this.setZoom(this.zoom * STEP ** steps);
    this.place();
  }

  /** Lets one box stand out; none, if it has no box or undefined is given. */
  highlight(entry: Entry | undefined): void {
    for (const [each, box] of this.boxes) box.classList.toggle('highlight', each === entry);
  }

  /** Truth is named above its box, a detection below; within it where the picture ends there. */
  private nameElements(): SVGTextElement[] {
    const { match } = this;
    if (!match) return [];
    const bottom = extentOf(match.judged.picture).height;
    return [...this.boxes.keys()].flatMap((entry) => {
      if (!match.meant.has(entry) || entry.box === undefined) return [];
      const [x, top, , height] = entry.box;
      const y = entry.isDetection ? top + Math.max(height, 0) : top;
      const isBelow = entry.isDetection ? y < bottom : y <= 0;
      const dy = isBelow ? '1em' : '-0.3em';
      const text = svgElement('text', { x, y, dy, fill: colorOf(entry) });
      text.textContent = this.nameOf(entry);
      return [text];
    });
  }

  private place(): void {
    if (!this.match) return;
    const { width, height } = extentOf(this.match.judged.picture);
    const { clientWidth, clientHeight } = this.svg;
    if (clientWidth === 0 || clientHeight === 0) return;
    const scale = this.scale(width, height);
    const shown = { width: clientWidth / scale, height: clientHeight / scale };
    this.center = {
      x: clamped(this.center.x, shown.width, width),
      y: clamped(this.center.y, shown.height, height),
    };
    const [left, top] = [this.center.x - shown.width / 2, this.center.y - shown.height / 2];
    this.svg.setAttribute('viewBox', `${left} ${top} ${shown.width} ${shown.height}`);
    this.names.setAttribute('font-size', String(NAME_SIZE / scale));
    this.names.setAttribute('stroke-width', String(3 / scale));
  }

  /** Pixels of the screen for one of the picture. */
  private scale(width: number, height: number): number {
    return this.zoom * Math.min(this.svg.clientWidth / width, this.svg.clientHeight / height);
  }

  private setZoom(zoom: number): void {
    this.zoom = Math.max(1, Math.min(zoom, MAX_ZOOM));
  }

  /** What is under the pointer stays there. */
  private zoomAt(event: MouseEvent, factor: number): void {
    if (!this.match) return;
    const { width, height } = extentOf(this.match.judged.picture);
    const bounds = this.svg.getBoundingClientRect();
    const [dx, dy] = [
      event.clientX - bounds.left - bounds.width / 2,
      event.clientY - bounds.top - bounds.height / 2,
    ];
    const before = this.scale(width, height);
    this.setZoom(this.zoom * factor);
    const after = this.scale(width, height);
    this.center.x += dx / before - dx / after;
    this.center.y += dy / before - dy / after;
    this.place();
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoomAt(event, STEP ** (-event.deltaY / 100));
  }

  private onPointerDown(event: PointerEvent): void {
    if (!this.match || event.button !== 0) return;
    const { width, height } = extentOf(this.match.judged.picture);
    const { svg } = this;
    const move = ({ movementX, movementY }: PointerEvent): void => {
      const scale = this.scale(width, height);
      this.center.x -= movementX / scale;
      this.center.y -= movementY / scale;
      this.place();
    };
    svg.setPointerCapture(event.pointerId);
    svg.addEventListener('pointermove', move);
    const end = (): void => svg.removeEventListener('pointermove', move);
    svg.addEventListener('pointerup', end, { once: true });
    svg.addEventListener('pointercancel', end, { once: true });
  }
}

/** The middle of what is shown, so that no more than needed of what is around the picture is. */
function clamped(center: number, shown: number, whole: number): number {
  return shown >= whole ? whole / 2 : Math.max(shown / 2, Math.min(center, whole - shown / 2));
}
