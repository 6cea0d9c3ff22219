import type { PageData } from '../page-data';
import { Controls } from './controls';
import { Detail } from './detail';
import type { Layers, PictureSource } from './drawing';
import { byId, count, element } from '../../html/elements';
import { Grid } from './grid';
import { judgePicture, type JudgedPicture } from './judged-picture';
import { matches, type Match } from './query';

/** The script of the page: what the page shows stands in it as JSON. */
function start(): void {
  const data = JSON.parse(byId('data', HTMLScriptElement).text) as PageData;
  const source = pictureSource(data);
  const controls = new Controls(data);
  const view = byId('grid', HTMLElement);
  const detail = new Detail(data, source, (at) => grid.activate(at));
  const grid = new Grid(view, source, data.skeleton ?? [], (at) => detail.open(found, at, controls.layers));
  let found: readonly Match[] = [];
  let judgedAt: number | undefined;
  let judged: readonly JudgedPicture[] = [];

  const search = (): void => {
    const { query } = controls;
    if (judgedAt !== query.minScore) {
      const minScore = data.detections ? query.minScore : undefined;
      judged = data.pictures.map((picture, index) => judgePicture(picture, index, minScore));
      judgedAt = query.minScore;
    }
    found = matches(judged, query);
    byId('count', HTMLElement).textContent =
      found.length === judged.length
        ? count(judged.length, 'picture')
        : `${found.length} of ${count(judged.length, 'picture')}`;
    grid.show(found, controls.layers);
  };
  const showLayers = (): void => {
    grid.redraw({ layers: controls.layers });
    detail.redraw(controls.layers);
  };

  byId('query', HTMLFormElement).addEventListener('input', search);
  byId('query', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    view.focus();
  });
  byId('show-all', HTMLButtonElement).addEventListener('click', () => {
    controls.reset();
    search();
  });
  byId('layers', HTMLElement).addEventListener('input', showLayers);
  byId('cell-width', HTMLInputElement).addEventListener('input', () =>
    grid.redraw({ cellWidth: controls.width }),
  );
  const help = byId('help', HTMLDialogElement);
  byId('show-help', HTMLButtonElement).addEventListener('click', () => help.showModal());
  byId('hide-help', HTMLButtonElement).addEventListener('click', () => help.close());
  // Escape closes dialogs by itself; the keys go on in the grid.
  byId('detail', HTMLDialogElement).addEventListener('close', () => view.focus());

  const layerKeys: Readonly<Record<string, keyof Layers>> = {
    t: 'truth',
    p: 'detections',
    n: 'names',
    m: 'shapes',
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const isTyping = takesKeys(event.target);
    if (event.key === 'Escape' && isTyping) view.focus();
    if (isTyping) return;
    const layer = layerKeys[event.key];
    if (layer !== undefined) {
      controls.toggle(layer);
      showLayers();
    } else if (event.key === '?' && !help.open) help.showModal();
    else if (event.key === '/' && !detail.isOpen && !help.open) controls.focus();
    else return;
    event.preventDefault();
  });

  showRemarks(data);
  search();
  view.focus();
}

/** Whether keys go to a field of the form: text, and the choices of a list by their first letters. */
function takesKeys(target: EventTarget | null): boolean {
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'checkbox';
}

/** What the page embeds, or else what its server has. */
function pictureSource(data: PageData): PictureSource {
  const embedded = document.getElementById('thumbnails');
  const isThere = (index: number): boolean => data.pictures[index].isMissing !== true;
  if (!(embedded instanceof HTMLScriptElement)) {
    return {
      thumbnail: (index) => (isThere(index) ? `thumbnails/${index}` : undefined),
      whole: (index) => (isThere(index) ? `pictures/${index}` : undefined),
    };
  }
  const thumbnails = JSON.parse(embedded.text) as readonly string[];
  embedded.remove();
  const url = (index: number): string | undefined =>
    isThere(index) ? `data:image/jpeg;base64,${thumbnails[index]}` : undefined;
  return { thumbnail: url, whole: url };
}

/** What there is to say of the set as a whole. */
function showRemarks({ notes, looseProblems }: PageData): void {
  const all = [...notes, ...looseProblems];
  byId('remarks', HTMLElement).hidden = all.length === 0;
  byId('remarks-summary', HTMLElement).textContent = count(all.length, 'remark');
  byId('remarks-list', HTMLElement).replaceChildren(...all.map((text) => element('li', { text })));
}

start();
